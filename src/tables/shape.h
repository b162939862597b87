// Shape: which indexes a table has, as the rows know it. A write comes with a table that was read some time before; one
// that is behind the shape is refused, so that no row is missing from a new index or left in one that is gone.
#pragma once

#include "kv/store.h"
#include "tables/table.h"

namespace gust::tables {

// kConflict or kNotFound with source "table" when `table` is behind.
Result<void> check_shape(kv::Reader& reader, const Table& table);

// From the commit on: only tables that have this index, only those that have it not, none.
Result<void> require_index(kv::Transaction& tx, const Table& table, const Index& index);
Result<void> refuse_index(kv::Transaction& tx, const Table& table, const std::string& index);
void refuse_table(kv::Transaction& tx, const Table& table);

}  // namespace gust::tables
