#include "kv/rocks/rocks_store.h"

#include "base/log.h"
#include "kv/rocks/wal.h"

#include <fmt/format.h>
#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/options.h>
#include <rocksdb/snapshot.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/checkpoint.h>
#include <rocksdb/utilities/optimistic_transaction_db.h>
#include <rocksdb/utilities/transaction.h>
#include <rocksdb/utilities/write_batch_with_index.h>

#include <algorithm>

namespace gust::kv {
namespace {

constexpr int kMaxAttempts = 64;  // of a commit that RocksDB says began too early
constexpr int kAttemptsTogether = 8;  // of many that are committed as one
// Mutexes that commits share by their keys. RocksDB's million costs each start 50 ms and 64 MB.
constexpr std::uint32_t kLocks = 4096;

rocksdb::Slice slice(std::string_view text) { return {text.data(), text.size()}; }

bool is_no_space(const rocksdb::Status& status) {
  return status.IsNoSpace() || status.ToString().find("No space left") != std::string::npos;
}

std::unexpected<Error> failure(std::string_view what, const rocksdb::Status& status) {
  const auto message = fmt::format("{}: {}", what, status.ToString());
  if (is_no_space(status)) return fail(Code::kNoSpace, message);
  if (status.IsCorruption()) return fail(Code::kCorrupt, message);
  return fail(Code::kInternal, message);
}

rocksdb::ReadOptions options_of(const Range& range, rocksdb::ReadOptions options = {}) {
  options.fill_cache = range.caching == Caching::kKeep;
  return options;
}

// Reads `range` with `iterator`; the status of Incomplete means that it would have to touch the disk.
rocksdb::Status read(rocksdb::Iterator& iterator, const Range& range, std::vector<Entry>& out) {
  const auto inside = [&] {
    const auto key = iterator.key().ToStringView();
    return key >= range.begin && (range.end.empty() || key < range.end);
  };
  if (range.order == Order::kForward) {
    iterator.Seek(range.begin);
  } else if (range.end.empty()) {
    iterator.SeekToLast();
  } else {
    iterator.SeekForPrev(range.end);
    if (iterator.Valid() && iterator.key() == rocksdb::Slice(range.end)) iterator.Prev();
  }
  while (out.size() < range.limit && iterator.Valid() && inside()) {
    out.push_back({iterator.key().ToString(), iterator.value().ToString()});
    if (range.order == Order::kForward) {
      iterator.Next();
    } else {
      iterator.Prev();
    }
  }
  return iterator.status();
}

class NoLog final : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// RocksDB's own choice, 1 MiB a shard of our cache, is less than the index of a table from before these had
// partitions.
constexpr int kCacheShardBits = 2;

rocksdb::Options make_options(const RocksSettings& settings) {
  rocksdb::Options options;
  if (settings.env) {
    options.env = settings.env.get();
    options.info_log = std::make_shared<NoLog>();
  }
  options.create_if_missing = true;
  options.write_buffer_size = settings.memtable_bytes * 2;  // begin_memtable() comes first
  options.avoid_flush_during_shutdown = true;               // what the log lacks is nothing
  options.max_write_buffer_size_to_maintain = static_cast<std::int64_t>(settings.memtable_bytes) * 4;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.max_background_jobs = 2;
  // As large as the level before it: what is written in no order rewrites all of level 1 whenever it is merged into it.
  options.max_bytes_for_level_base = settings.memtable_bytes * options.level0_file_num_compaction_trigger;
  options.target_file_size_base = settings.memtable_bytes;
  // A disk that has a table to take keeps the log's syncs waiting: less at once.
  options.bytes_per_sync = 256 << 10;
  options.keep_log_file_num = 4;
  options.max_log_file_size = 4 << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(settings.block_cache_bytes, kCacheShardBits);
  // In the cache, so that the cache's size bounds them, too: outside of it they grow with the rows. In partitions, for
  // a whole one can be larger than what a shard of the cache takes, and would be read again for every row.
  table.cache_index_and_filter_blocks = true;
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // What was just written is read soonest: a flush would take it out of memory.
  table.prepopulate_block_cache = rocksdb::BlockBasedTableOptions::PrepopulateBlockCache::kFlushOnly;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10, false));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

}  // namespace

class RocksStore::Tx final : public Transaction {
 public:
  explicit Tx(rocksdb::Transaction& tx) : tx_(tx) {}

  Result<std::optional<std::string>> get(std::string_view key) override {
    std::string value;
    reads_.emplace_back(key);
    const auto status = tx_.GetForUpdate(options(), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return failure("kv: read", status);
    return value;
  }

  Result<std::vector<Entry>> scan(const Range& range) override {
    std::vector<Entry> out;
    const std::unique_ptr<rocksdb::Iterator> iterator(tx_.GetIterator(options_of(range, options())));
    const auto status = read(*iterator, range, out);
    if (!status.ok()) return failure("kv: scan", status);
    return out;
  }

  // Untracked: a blind write does not conflict; what must not change was read with get().
  void put(std::string_view key, std::string_view value) override { note(tx_.PutUntracked(slice(key), slice(value))); }
  void erase(std::string_view key) override { note(tx_.DeleteUntracked(slice(key))); }

  void after_commit(Then then) override { then_.push_back(std::move(then)); }

  const rocksdb::Status& write_status() const { return status_; }
  std::vector<Then> take_then() { return std::move(then_); }

  // What was read conflicts as before, though the body was rolled back.
  rocksdb::Status keep_reads() {
    for (const auto& key : reads_) {
      const auto status = tx_.GetForUpdate(options(), slice(key), static_cast<std::string*>(nullptr));
      if (!status.ok()) return status;
    }
    return {};
  }

 private:
  void note(rocksdb::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }
  // What is committed as of the transaction's begin, so that a body that fails has read one moment, too.
  rocksdb::ReadOptions options() const {
    rocksdb::ReadOptions options;
    options.snapshot = tx_.GetSnapshot();
    return options;
  }

  rocksdb::Transaction& tx_;
  rocksdb::Status status_;
  std::vector<Then> then_;
  std::vector<std::string> reads_;
};

class RocksStore::Frozen final : public Reader {
 public:
  explicit Frozen(rocksdb::DB& db) : db_(db), snapshot_(&db) {}

  Result<std::optional<std::string>> get(std::string_view key) override {
    std::string value;
    const auto status = db_.Get(options(), slice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return failure("kv: read", status);
    return value;
  }

  Result<std::vector<Entry>> scan(const Range& range) override {
    std::vector<Entry> out;
    const std::unique_ptr<rocksdb::Iterator> iterator(db_.NewIterator(options_of(range, options())));
    const auto status = read(*iterator, range, out);
    if (!status.ok()) return failure("kv: scan", status);
    return out;
  }

 private:
  rocksdb::ReadOptions options() {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot_.snapshot();
    return options;
  }

  rocksdb::DB& db_;
  rocksdb::ManagedSnapshot snapshot_;
};

// A store that is only read, and its view.
class RocksStore::ReadOnly final : public Reader {
 public:
  ReadOnly(std::shared_ptr<rocksdb::Env> env, std::unique_ptr<rocksdb::DB> db)
      : env_(std::move(env)), db_(std::move(db)), view_(*db_) {}
  Result<std::optional<std::string>> get(std::string_view key) override { return view_.get(key); }
  Result<std::vector<Entry>> scan(const Range& range) override { return view_.scan(range); }

 private:
  std::shared_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  Frozen view_;
};

// RocksDB refuses a log that is damaged before its end. A loss of power also leaves pages missing in the part that was
// never synced: then what lies before the damage is all that was acknowledged, unless a later record says otherwise.
static Result<void> check_damage(rocksdb::Options& options, const std::string& folder, const rocksdb::Status& found) {
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  rocksdb::DB* db = nullptr;
  if (const auto status = rocksdb::DB::OpenForReadOnly(options, folder, &db); !status.ok())
    return failure(fmt::format("opening the store in '{}'", folder), status);
  const auto recovered = db->GetLatestSequenceNumber();
  delete db;
  GUST_TRY(const auto synced, highest_wal_mark(*options.env, folder));
  if (synced > recovered) {
    return fail(Code::kCorrupt,
                fmt::format("the log in '{}' is damaged where it held acknowledged writes ({} of {} are before the "
                            "damage): restore a backup, or the disk's own copy. RocksDB says: {}",
                            folder, recovered, synced, found.ToString()));
  }
  GUST_WARN("kv: the end of the log in '{}' was never synced and is damaged; it is left out: {}", folder,
            found.ToString());
  return {};
}

Result<std::unique_ptr<Reader>> RocksStore::open_read_only(const std::string& folder, RocksSettings settings) {
  auto options = make_options(settings);
  options.create_if_missing = false;
  options.info_log = std::make_shared<NoLog>();  // it would be a file in there
  rocksdb::DB* db = nullptr;
  auto status = rocksdb::DB::OpenForReadOnly(options, folder, &db);
  if (status.IsCorruption()) {
    GUST_CHECK(check_damage(options, folder, status));
    status = rocksdb::DB::OpenForReadOnly(options, folder, &db);
  }
  if (!status.ok()) return failure(fmt::format("reading the store in '{}'", folder), status);
  return std::make_unique<ReadOnly>(settings.env, std::unique_ptr<rocksdb::DB>(db));
}

static rocksdb::Status open_transactional(const rocksdb::Options& options, const std::string& folder,
                                          rocksdb::OptimisticTransactionDB** db) {
  rocksdb::OptimisticTransactionDBOptions locks;
  locks.occ_lock_buckets = kLocks;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families{{rocksdb::kDefaultColumnFamilyName, options}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  const auto status = rocksdb::OptimisticTransactionDB::Open(options, locks, folder, families, &handles, db);
  for (const auto* handle : handles) delete handle;
  return status;
}

Result<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& folder, RocksSettings settings) {
  rocksdb::OptimisticTransactionDB* db = nullptr;
  auto options = make_options(settings);
  auto status = open_transactional(options, folder, &db);
  if (status.IsCorruption()) {
    GUST_CHECK(check_damage(options, folder, status));
    status = open_transactional(options, folder, &db);
  }
  if (!status.ok()) {
    if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
      return fail(Code::kUnavailable, fmt::format("'{}' is in use by another process: {}", folder, status.ToString()),
                  "lock");
    }
    return failure(fmt::format("opening the store in '{}'", folder), status);
  }
  std::unique_ptr<RocksStore> store(
      new RocksStore(std::unique_ptr<rocksdb::OptimisticTransactionDB>(db), std::move(settings)));
  GUST_CHECK(store->sync_parent(folder));
  // When the last record of the log filled a memtable, RocksDB 7.8 begins the next one with the number after it, and
  // then says of each transaction that it began too early. Any write that no transaction made ends that.
  if (const auto status = store->fill_a_little(); !status.ok())
    return failure(fmt::format("opening the store in '{}'", folder), status);
  return store;
}

RocksStore::RocksStore(std::unique_ptr<rocksdb::OptimisticTransactionDB> db, RocksSettings settings)
    : env_(std::move(settings.env)),
      db_(std::move(db)),
      memtable_bytes_(settings.memtable_bytes),
      queue_(pool_, [this](auto group) { run(group); }),
      pool_("kv", settings.threads) {}

// RocksDB syncs its folder, not the name of the folder.
Result<void> RocksStore::sync_parent(const std::string& folder) {
  std::unique_ptr<rocksdb::Directory> parent;
  const auto slash = folder.rfind('/');
  if (slash == 0 || slash == std::string::npos) return {};
  auto status = db_->GetEnv()->NewDirectory(folder.substr(0, slash), &parent);
  if (status.ok()) status = parent->Fsync();
  if (!status.ok()) return failure(fmt::format("syncing the folder of '{}'", folder), status);
  return {};
}

RocksStore::~RocksStore() = default;

void RocksStore::run(std::span<std::unique_ptr<Waiting>> group) {
  const auto committed = run_and_commit(group);
  if (committed) return;
  if (committed.error().code == Code::kConflict && group.size() > 1) {  // who always loses is not to fail the others
    run(group.first(group.size() / 2));
    return run(group.subspan(group.size() / 2));
  }
  for (const auto& one : group) one->result = std::unexpected(committed.error());
}

Result<bool> RocksStore::run_bodies(rocksdb::Transaction& rocks_tx, std::span<std::unique_ptr<Waiting>> group) {
  bool any = false;
  for (const auto& one : group) {
    rocks_tx.SetSavePoint();
    Tx tx(rocks_tx);
    one->result = one->body(tx);
    one->then = one->result ? tx.take_then() : std::vector<Transaction::Then>();
    if (!tx.write_status().ok()) return failure("kv: write", tx.write_status());
    auto status = one->result ? rocks_tx.PopSavePoint() : rocks_tx.RollbackToSavePoint();
    // It may have read what those before it wrote, and is then of the moment of the commit.
    if (status.ok() && !one->result && any) status = tx.keep_reads();
    if (!status.ok()) return failure("kv: write", status);
    any = any || one->result.has_value();
  }
  return any;
}

Result<void> RocksStore::run_and_commit(std::span<std::unique_ptr<Waiting>> group) {
  rocksdb::WriteOptions options;
  options.sync = std::ranges::any_of(group, [](const auto& one) { return one->durability == Durability::kSynced; });
  bool resumed = false;
  const int attempts = group.size() > 1 ? kAttemptsTogether : kMaxAttempts;
  for (int attempt = 0; attempt < attempts; ++attempt) {
    const std::unique_ptr<rocksdb::Transaction> rocks_tx(db_->BeginTransaction(options));
    rocks_tx->SetSnapshot();
    GUST_TRY(const bool any, run_bodies(*rocks_tx, group));
    if (!any) return {};
    rocks_tx->PutLogData(wal_mark(synced_.load()));
    const auto before = db_->GetLatestSequenceNumber();
    const auto status = commit(*rocks_tx);
    if (status.ok()) {
      if (options.sync) note_synced(before);
      for (const auto& one : group) {
        for (auto& then : one->then) then();
      }
      return {};
    }
    if (status.IsBusy() || status.IsTryAgain()) continue;
    if (!is_no_space(status) || resumed) return failure("kv: commit", status);
    GUST_CHECK(resume());
    resumed = true;
  }
  return fail(Code::kConflict, "the rows changed on every attempt; try again");
}

// All that was committed before this commit began is in the log before it.
void RocksStore::note_synced(std::uint64_t sequence) {
  for (auto known = synced_.load(); known < sequence && !synced_.compare_exchange_weak(known, sequence);) {
  }
}

async::Task<void> RocksStore::copy_to(std::string folder) {
  auto job = [this, folder = std::move(folder)]() -> Result<void> {
    rocksdb::Checkpoint* made = nullptr;
    auto status = rocksdb::Checkpoint::Create(db_.get(), &made);
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    if (status.ok()) status = checkpoint->CreateCheckpoint(folder);
    if (!status.ok()) return failure(fmt::format("kv: copying the store to '{}'", folder), status);
    return {};
  };
  co_return co_await pool_.run(std::move(job));
}

rocksdb::Status RocksStore::commit(rocksdb::Transaction& tx) {
  const auto bytes = tx.GetWriteBatch()->GetWriteBatch()->GetDataSize();
  {
    std::shared_lock lock(commits_);
    if (const auto status = tx.Commit(); !status.ok()) return status;
  }
  if ((in_memtable_ += bytes) >= memtable_bytes_) begin_memtable();
  return {};
}

// A row that never was, and that needs no log.
rocksdb::Status RocksStore::fill_a_little() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return db_->Delete(options, "kv/opened");
}

// As RocksDB would by itself, but so that no commit meets an empty memtable: when such a commit fails, Resume() flushes
// nothing, keeps the log that failed, and the next commit ends the process (an assertion of RocksDB 7.8).
void RocksStore::begin_memtable() {
  std::unique_lock lock(commits_);
  if (in_memtable_ < memtable_bytes_) return;
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  auto status = db_->Flush(options);
  if (status.ok()) status = fill_a_little();
  if (!status.ok()) GUST_WARN("kv: a memtable could not be flushed: {}", status.ToString());  // commits will fail, too
  in_memtable_ = 0;
}

Result<void> RocksStore::resume() {
  std::unique_lock lock(commits_);
  std::uint64_t rows = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kNumEntriesActiveMemTable, &rows);
  if (rows == 0)
    return fail(Code::kNoSpace, "kv: the disk was full at a bad moment; start gust again to go on writing");
  auto status = db_->GetBaseDB()->Resume();
  if (status.ok()) status = fill_a_little();
  if (!status.ok()) return fail(Code::kNoSpace, fmt::format("kv: the disk is full: {}", status.ToString()));
  GUST_INFO("kv: there is room on the disk again; writing goes on");
  return {};
}

async::Task<void> RocksStore::transact(Body body, Durability durability) {
  co_return co_await queue_.run(std::move(body), durability);
}

async::Task<std::optional<std::string>> RocksStore::get(std::string key) {
  // First what memory holds, on this thread; only a read that needs the disk goes to the pool.
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  std::string value;
  auto status = db_->Get(options, key, &value);
  if (status.ok()) co_return value;
  if (status.IsNotFound()) co_return std::nullopt;
  if (!status.IsIncomplete()) co_return failure("kv: read", status);
  auto job = [this, key = std::move(key)]() -> Result<std::optional<std::string>> {
    std::string found;
    const auto status = db_->Get({}, key, &found);
    if (status.IsNotFound()) return std::nullopt;
    if (!status.ok()) return failure("kv: read", status);
    return found;
  };
  co_return co_await pool_.run(std::move(job));
}

async::Task<std::vector<Entry>> RocksStore::scan(Range range) {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  std::vector<Entry> out;
  {
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options));
    const auto status = read(*iterator, range, out);
    if (status.ok()) co_return out;
    if (!status.IsIncomplete()) co_return failure("kv: scan", status);
  }
  auto job = [this, range = std::move(range)]() -> Result<std::vector<Entry>> {
    std::vector<Entry> found;
    const std::unique_ptr<rocksdb::Iterator> iterator(db_->NewIterator(options_of(range)));
    const auto status = read(*iterator, range, found);
    if (!status.ok()) return failure("kv: scan", status);
    return found;
  };
  co_return co_await pool_.run(std::move(job));
}

std::unique_ptr<Reader> RocksStore::snapshot() { return std::make_unique<Frozen>(*db_); }

}  // namespace gust::kv
