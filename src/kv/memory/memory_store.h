// MemoryStore: a kv::Store that forgets; for tests and simulation. Bodies run on pool threads as in RocksStore, so
// that conflicts are real.
#pragma once

#include "async/blocking_pool.h"
#include "kv/store.h"

#include <map>
#include <mutex>
#include <set>

namespace gust::kv {

class MemoryStore final : public Store {
 public:
  MemoryStore();

  async::Task<void> transact(Body body, Durability durability = Durability::kSynced) override;
  async::Task<std::optional<std::string>> get(std::string key) override;
  async::Task<std::vector<Entry>> scan(Range range) override;
  std::unique_ptr<Reader> snapshot() override;

 private:
  class Tx;
  struct Value {
    std::string bytes;
    std::uint64_t version = 0;
  };
  using Rows = std::map<std::string, Value, std::less<>>;
  class Frozen;

  Result<void> run(const Body& body);

  std::mutex mutex_;
  Rows rows_;
  std::map<std::string, std::uint64_t, std::less<>> erased_;  // version of the last erase, for conflicts
  std::uint64_t version_ = 0;
  async::BlockingPool pool_;
};

}  // namespace gust::kv
