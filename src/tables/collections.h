// Collections: how large item collections are. One is all items of a hash value of a table with local indexes, with
// their rows in these; it may grow to 10 GB. Loop thread only. Source: "Item collections in local secondary indexes".
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "kv/store.h"
#include "tables/table.h"

#include <map>
#include <string>

namespace gust::tables {

class Collections {
 public:
  static constexpr std::uint64_t kLimit = std::uint64_t{10} << 30;
  static constexpr std::uint64_t kSmall = std::uint64_t{1} << 30;

  // What is below `small` in all is not looked at in parts.
  Collections(kv::Store& store, env::Clock& clock, std::uint64_t limit = kLimit, std::uint64_t small = kSmall)
      : store_(store), clock_(clock), limit_(limit), small_(small) {}

  static bool has_collections(const Table& table);
  // Bytes of the collection that `item` is of, as of up to a minute ago; reads all of it. Where the table has less than
  // `small` in all, as `counted` says, that is the answer.
  async::Task<std::uint64_t> size(Table table, Item item, std::uint64_t counted);
  // kTooLarge "collection" when the collection that `item` is of has no room.
  async::Task<void> check(Table table, Item item, std::uint64_t counted);

 private:
  async::Task<std::uint64_t> read(std::string prefix);

  struct Known {
    std::uint64_t bytes = 0;
    SteadyTime at = {};
  };
  kv::Store& store_;
  env::Clock& clock_;
  const std::uint64_t limit_, small_;
  std::map<std::string, Known> known_;  // by the prefix of its items' rows
};

}  // namespace gust::tables
