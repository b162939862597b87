// Debian's RocksDB is not built for ThreadSanitizer, which so cannot see how its threads hand memory to each other.
// Transactions' bodies run under rocks_store.cc too; the same tests show their races on MemoryStore.
// A wrapper of its header calls last what unlocks: the unlock is seen as ours, the lock as the library's.
extern "C" const char* __tsan_default_suppressions() {
  return "race:rocksdb::\nrace:rocks_store.cc\ncalled_from_lib:librocksdb.so\nmutex:rocksdb::EnvWrapper\n";
}
