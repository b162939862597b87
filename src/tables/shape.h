// Shape: which indexes a table has, as its rows know it, and whether writes keep its history. A write comes with a
// declaration that was read some time before; one that does not fit the shape is refused, so that no row is missing
// from a new index or left in one that is gone. Whoever changes declarations says so here in the same transaction. Any
// thread.
#pragma once

#include "kv/store.h"
#include "tables/table.h"

namespace gust::tables {

// In the transaction that changes a declaration: from its commit on writes must know of the indexes that were added,
// and not of those that were removed (or are kDeleting).
Result<void> change_shape(kv::Transaction& tx, const Table& before, const Table& after);
// In the one that deletes a table: from its commit on nothing is written to it.
Result<void> refuse_table(kv::Transaction& tx, const Table& table);

// What a write keeps of what it replaces (tables/backups/undo_log.h).
enum class Keeps { kNothing, kHistory };
// Source "table": kConflict when `table` is not as the shape says, kNotFound when it is gone.
Result<Keeps> check_shape(kv::Reader& reader, const Table& table);
// Of one index only; kNotFound when it is gone.
Result<void> check_shape(kv::Reader& reader, const Table& table, const Index& index);

// The table's rows are being copied until end_copy: writes keep history meanwhile, and the rows of a table that is
// deleted stay. Every write that commits later than begin_copy has read what it says.
Result<void> begin_copy(kv::Transaction& tx, const std::string& table_id);
Result<void> end_copy(kv::Transaction& tx, const std::string& table_id);
Result<bool> is_copied(kv::Reader& reader, const std::string& table_id);

}  // namespace gust::tables
