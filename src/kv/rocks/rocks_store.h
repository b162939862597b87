// RocksStore: the durable kv::Store, on RocksDB's optimistic transactions. One process owns the folder.
#pragma once

#include "async/blocking_pool.h"
#include "kv/store.h"

#include <memory>
#include <mutex>
#include <string>

namespace rocksdb {
class OptimisticTransactionDB;
class Status;
}  // namespace rocksdb

namespace gust::kv {

struct RocksSettings {
  std::size_t threads = 16;  // commits that may share one fsync
  std::size_t block_cache_bytes = 64 << 20;
  std::size_t memtable_bytes = 16 << 20;
};

class RocksStore final : public Store {
 public:
  // Opens or makes the store in `folder`. kUnavailable when another process has it, kCorrupt when the log is damaged
  // before its tail (a torn tail is what a crash leaves; it was never acknowledged).
  static Result<std::unique_ptr<RocksStore>> open(const std::string& folder, RocksSettings settings = {});
  ~RocksStore() override;

  async::Task<void> transact(Body body, Durability durability = Durability::kSynced) override;
  async::Task<std::optional<std::string>> get(std::string key) override;
  async::Task<std::vector<Entry>> scan(Range range) override;
  std::unique_ptr<Reader> snapshot() override;

 private:
  class Tx;
  class Frozen;

  RocksStore(std::unique_ptr<rocksdb::OptimisticTransactionDB> db, std::size_t threads);
  Result<void> run(const Body& body, Durability durability);
  // After a full disk, asks RocksDB to write again; it answers whether there is room now.
  Result<void> resume();

  std::unique_ptr<rocksdb::OptimisticTransactionDB> db_;
  std::mutex turns_;  // held by one of the transactions that conflict again and again; pool threads only
  async::BlockingPool pool_;
};

}  // namespace gust::kv
