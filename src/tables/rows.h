// Rows of tables: items and records as bytes, and the keys of all rows (docs/formats/tables.md). Any thread.
#pragma once

#include "kv/store.h"
#include "tables/streams/stream.h"
#include "tables/table.h"

#include <string>
#include <string_view>

namespace gust::tables::rows {

std::string encode(const Item& item);
Result<Item> decode_item(std::string_view row);

// Without its sequence, which is in the row's key.
std::string encode(const StreamRecord& record);
Result<StreamRecord> decode_record(const kv::Entry& row);

std::string items_prefix(const std::string& table_id);
std::string indexes_prefix(const std::string& table_id);
std::string index_prefix(const std::string& table_id, std::string_view index);
// `item` has the attributes of the key (and of the index's), of the right types.
std::string item_key(const Table& table, const Item& item);
std::string index_key(const Table& table, const Index& index, const Item& item);

// Of all rows under `prefix`, one of the above, that have this hash value.
std::string collection_prefix(std::string prefix, const Value& hash);
// A value of a key, S, N or B: sorts as it should and ends before any other begins.
void append_value(std::string& key, const Value& value);
// What all keys with values that begin with this one begin with; of S and B.
void append_beginning(std::string& key, const Value& value);
// The rows under `prefix` of one of the segments of a parallel scan.
kv::Range segment(const std::string& prefix, std::uint32_t segment, std::uint32_t segments);

std::string stream_prefix(const StreamName& stream);
std::string record_key(const StreamName& stream, std::uint64_t sequence);

std::string shape_key(const std::string& table_id);
std::string token_key(const AccountId& account, std::string_view token);
inline constexpr std::string_view kTokenTimes = "t/e/";
std::string token_time_key(WallTime at, const std::string& token_key);

}  // namespace gust::tables::rows
