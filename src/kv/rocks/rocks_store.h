// RocksStore: the durable kv::Store, on RocksDB's optimistic transactions. One process owns the folder.
#pragma once

#include "async/blocking_pool.h"
#include "kv/rocks/commit_queue.h"
#include "kv/store.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

namespace rocksdb {
class Env;
class OptimisticTransactionDB;
class Status;
class Transaction;
}  // namespace rocksdb

namespace gust::kv {

struct RocksSettings {
  std::size_t threads = 16;  // reads that may wait for the disk at once, beside one group of commits
  std::size_t block_cache_bytes = 64 << 20;
  std::size_t memtable_bytes = 16 << 20;
  std::shared_ptr<rocksdb::Env> env;  // none: the system's
};

class RocksStore final : public Store {
 public:
  // Opens or makes the store in `folder`. kUnavailable when another process has it, kCorrupt when the log is damaged
  // where it held what was acknowledged. A torn tail, and missing pages of it, are what a loss of power leaves.
  static Result<std::unique_ptr<RocksStore>> open(const std::string& folder, RocksSettings settings = {});
  // What is in a folder that nobody writes to, without changing it.
  static Result<std::unique_ptr<Reader>> open_read_only(const std::string& folder, RocksSettings settings = {});
  ~RocksStore() override;

  // Makes `folder`, a store of its own with everything that was committed up to now, synced; writes go on meanwhile.
  // Files that do not change are shared with it where they are on the same disk.
  async::Task<void> copy_to(std::string folder);

  async::Task<void> transact(Body body, Durability durability = Durability::kSynced) override;
  async::Task<std::optional<std::string>> get(std::string key) override;
  async::Task<std::vector<Entry>> scan(Range range) override;
  std::unique_ptr<Reader> snapshot() override;

 private:
  class Tx;
  class Frozen;

  class ReadOnly;

  RocksStore(std::unique_ptr<rocksdb::OptimisticTransactionDB> db, RocksSettings settings);
  // Runs the bodies one after another in one transaction, each seeing what those before it wrote, and commits it. One
  // that fails takes back what it wrote itself; when the commit fails all have failed.
  void run(std::span<std::unique_ptr<Waiting>> group);
  Result<bool> run_bodies(rocksdb::Transaction& rocks_tx, std::span<std::unique_ptr<Waiting>> group);
  Result<void> run_and_commit(std::span<std::unique_ptr<Waiting>> group);
  Result<void> sync_parent(const std::string& folder);
  rocksdb::Status commit(rocksdb::Transaction& tx);
  rocksdb::Status fill_a_little();
  void begin_memtable();
  void note_synced(std::uint64_t sequence);
  // After a full disk, asks RocksDB to write again; it answers whether there is room now.
  Result<void> resume();

  std::shared_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::OptimisticTransactionDB> db_;
  const std::size_t memtable_bytes_;
  std::atomic<std::size_t> in_memtable_ = 0;
  std::shared_mutex commits_;  // alone: no commit runs
  std::atomic<std::uint64_t> synced_ = 0;  // up to this sequence number everything is on disk
  CommitQueue queue_;
  async::BlockingPool pool_;  // ends first
};

}  // namespace gust::kv
