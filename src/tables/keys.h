// Keys of items: whether they are what a table declares, with the service's words where they are not. Any thread.
#pragma once

#include "tables/table.h"

#include <string_view>

namespace gust::tables {

// The attributes of the key that the item has.
Item key_of(const KeySchema& schema, const Item& item);
// nullptr when there is none, or it is being deleted.
const Index* find_index(const Table& table, std::string_view name);

// Errors are kInvalid with source "key", or "empty key" for values that no key may have.
// A key that names an item: its attributes and no others.
Result<void> check_key(const Table& table, const Item& key);
// One value of a key, of the right type: neither empty nor too long.
enum class KeyPart { kHash, kRange };
Result<void> check_key_value(const KeyAttribute& attribute, KeyPart part, const Value& value);
// The key within an item that is put.
Result<void> check_item_key(const Table& table, const Item& item);
// The keys of indexes within an item that is put (`before` is nullptr), or that was updated: then only what changed.
// Source "index key", or "empty key".
Result<void> check_index_keys(const Table& table, const Item& item, const Item* before);
// An item of more than 400 KB.
Error too_large();
// Whether an index has the item. What it must not have as its key may be in items that were there before it.
bool is_indexed(const Index& index, const Item& item);

}  // namespace gust::tables
