// The rows of the catalog as keys and bytes (docs/formats/tables.md). Any thread.
#pragma once

#include "base/result.h"
#include "tables/streams/stream.h"
#include "tables/table.h"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace gust::tables {

// Where a table is: names are of an account and a region.
struct Place {
  AccountId account;
  std::string region;
  TableName name;
  auto operator<=>(const Place&) const = default;
};

// What is left to do of a table, durably: to remove all its rows, or those of one index, or to fill an index.
struct Work {
  enum class Kind { kDropTable, kDropIndex, kFillIndex };
  Kind kind = Kind::kDropTable;
  Table table;  // as it was when the work began
  std::string index = {};
};

// A stream of a table. Once it has ended (it was turned off, or its table deleted) it is still read for a day.
struct Stream {
  Table table;  // as it was when the stream began
  WallTime began_at = {};
  std::optional<WallTime> ended_at = {};
  StreamName name() const { return {table.id, table.stream_label}; }
};

namespace table_rows {

inline constexpr std::string_view kTables = "t/c/", kWorks = "t/w/", kStreams = "t/l/";

std::string tables_prefix(const AccountId& account, std::string_view region);
std::string table_key(const Place& place);
// Any text: every writer of what is counted reads and writes it, as scans do not conflict.
std::string guard_key(const AccountId& account, std::string_view region);
// One for a table and one for each of its indexes; `index` is empty for the table.
std::string work_key(std::string_view table_id, std::string_view index);

std::string streams_prefix(const AccountId& account, std::string_view region);
// Of all streams of tables of this name.
std::string streams_prefix(const Place& place);
std::string stream_key(const Place& place, std::string_view label);

std::string encode(const Table& table);
std::string encode(const Work& work);
std::string encode(const Stream& stream);
// kCorrupt when the bytes are not such a row.
Result<Table> decode_table(std::string_view row);
Result<Work> decode_work(std::string_view row);
Result<Stream> decode_stream(std::string_view row);

}  // namespace table_rows
}  // namespace gust::tables
