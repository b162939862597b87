// Rows of indexes: what an index keeps of an item, and how its rows follow a change of the item. Any thread.
#pragma once

#include "kv/store.h"
#include "tables/table.h"

#include <map>
#include <optional>
#include <string>

namespace gust::tables {

struct IndexRow {
  std::string key;
  Item item;  // as projected
  bool operator==(const IndexRow&) const = default;
};

// Nothing when the index has not the item.
std::optional<IndexRow> index_row(const Table& table, const Index& index, const Item& item);

// Changes the rows of all indexes; `units` gets the write units of those that changed.
void change_indexes(kv::Transaction& tx, const Table& table, const std::optional<Item>& before,
                    const std::optional<Item>& after, std::map<std::string, double>& units);

}  // namespace gust::tables
