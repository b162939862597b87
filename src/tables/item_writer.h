// ItemWriter: one write after another within a transaction, with indexes and stream records. On the pool thread that
// runs the transaction.
#pragma once

#include "tables/item_store.h"

namespace gust::tables {

// What can be told of a write before what is there is read.
Result<void> check(const Write& write);

class ItemWriter {
 public:
  ItemWriter(kv::Transaction& tx, Sequences& sequences, Sequences::Ticket& ticket, WallTime now)
      : tx_(tx), sequences_(sequences), ticket_(ticket), now_(now) {}

  // `write` was checked. `found` gets what was there when the condition was false.
  Result<Written> apply(const Write& write, std::optional<Item>& found);

 private:
  Result<void> record(const Write& write, const Item& key, const Written& written);
  Result<std::uint64_t> next_sequence(const StreamName& stream);
  Result<void> remember(const Table& table, std::string_view row_key, const std::optional<std::string>& row);

  kv::Transaction& tx_;
  Sequences& sequences_;
  Sequences::Ticket& ticket_;
  WallTime now_;
  std::uint64_t moment_ = 0, changes_ = 0;  // of this transaction, in histories
};

}  // namespace gust::tables
