#include "tables/keys.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::size_t kMostHashBytes = 2048, kMostRangeBytes = 1024;

using Part = KeyPart;

// Calls f(attribute, part) for each until one fails.
template <typename F>
Result<void> each(const KeySchema& schema, F f) {
  GUST_CHECK(f(schema.hash, Part::kHash));
  if (schema.range) GUST_CHECK(f(*schema.range, Part::kRange));
  return {};
}

// Of S and B; numbers always fit.
const std::string* bytes_of(const Value& value) {
  if (const auto* binary = value.as<Binary>()) return &binary->bytes;
  return value.as<std::string>();
}
bool is_empty(const Value& value) { return bytes_of(value) != nullptr && bytes_of(value)->empty(); }
bool is_too_long(const Value& value, Part part) {
  const auto* bytes = bytes_of(value);
  return bytes != nullptr && bytes->size() > (part == Part::kHash ? kMostHashBytes : kMostRangeBytes);
}

std::unexpected<Error> too_long(Part part) {
  return fail(Code::kInvalid,
              part == Part::kHash ? "One or more parameter values were invalid: Size of hashkey has exceeded the "
                                    "maximum size limit of2048 bytes"
                                  : "One or more parameter values were invalid: Aggregated size of all range keys has "
                                    "exceeded the size limit of 1024 bytes",
              "key");
}

std::string empty_words(const Value& value) {
  return fmt::format("The AttributeValue for a key attribute cannot contain an empty {} value.",
                     value.type() == Type::kBinary ? "binary" : "string");
}

struct IndexKeyCheck {
  const Index& index;
  const Item& item;
  const Item* before;

  Result<void> operator()(const KeyAttribute& attribute, Part part) const {
    const auto it = item.find(attribute.name);
    if (it == item.end()) return {};
    const auto& value = it->second;
    if (before != nullptr) {
      const auto old = before->find(attribute.name);
      if (old != before->end() && old->second == value) return {};
    }
    if (value.type() != attribute.type) {
      return fail(Code::kInvalid,
                  fmt::format("One or more parameter values were invalid: Type mismatch for Index Key {} Expected: {} "
                              "Actual: {} IndexName: {}",
                              attribute.name, name_of(attribute.type), name_of(value.type()), index.name),
                  "index key");
    }
    if (is_empty(value)) return empty(attribute, value);
    if (!is_too_long(value, part)) return {};
    if (before == nullptr) return too_long(part);
    return fail(Code::kInvalid,
                "One or more parameter values were invalid: The update expression attempted to update the secondary "
                "index key beyond allowed size limits",
                "index key");
  }

  std::unexpected<Error> empty(const KeyAttribute& attribute, const Value& value) const {
    if (before != nullptr) {
      return fail(Code::kInvalid,
                  "One or more parameter values are not valid. The update expression attempted to update a secondary "
                  "index key to a value that is not supported. " +
                      empty_words(value),
                  "empty key");
    }
    return fail(Code::kInvalid,
                fmt::format("One or more parameter values are not valid. A value specified for a secondary index key "
                            "is not supported. {} IndexName: {}, IndexKey: {}",
                            empty_words(value), index.name, attribute.name),
                "empty key");
  }
};

}  // namespace

Item key_of(const KeySchema& schema, const Item& item) {
  Item out;
  if (const auto it = item.find(schema.hash.name); it != item.end()) out.insert(*it);
  if (!schema.range) return out;
  if (const auto it = item.find(schema.range->name); it != item.end()) out.insert(*it);
  return out;
}

const Index* find_index(const Table& table, std::string_view name) {
  const auto it = std::ranges::find_if(
      table.indexes, [&](const Index& index) { return index.name == name && index.status != Status::kDeleting; });
  return it == table.indexes.end() ? nullptr : &*it;
}

Result<void> check_key_value(const KeyAttribute& attribute, KeyPart part, const Value& value) {
  if (is_empty(value)) {
    return fail(Code::kInvalid,
                fmt::format("One or more parameter values are not valid. {} Key: {}", empty_words(value),
                            attribute.name),
                "empty key");
  }
  if (is_too_long(value, part)) return too_long(part);
  return {};
}

Result<void> check_key(const Table& table, const Item& key) {
  const auto mismatch = [] {
    return fail(Code::kInvalid, "The provided key element does not match the schema", "key");
  };
  if (key.size() != (table.key.range ? 2u : 1u)) return mismatch();
  return each(table.key, [&](const KeyAttribute& attribute, Part part) -> Result<void> {
    const auto it = key.find(attribute.name);
    if (it == key.end() || it->second.type() != attribute.type) return mismatch();
    return check_key_value(attribute, part, it->second);
  });
}

Result<void> check_item_key(const Table& table, const Item& item) {
  return each(table.key, [&](const KeyAttribute& attribute, Part part) -> Result<void> {
    const auto it = item.find(attribute.name);
    if (it == item.end()) {
      return fail(Code::kInvalid,
                  fmt::format("One or more parameter values were invalid: Missing the key {} in the item",
                              attribute.name),
                  "key");
    }
    if (it->second.type() != attribute.type) {
      return fail(Code::kInvalid,
                  fmt::format("One or more parameter values were invalid: Type mismatch for key {} expected: {} "
                              "actual: {}",
                              attribute.name, name_of(attribute.type), name_of(it->second.type())),
                  "key");
    }
    return check_key_value(attribute, part, it->second);
  });
}

Result<void> check_index_keys(const Table& table, const Item& item, const Item* before) {
  // Of several the service names the first by name.
  std::vector<const Index*> indexes;
  for (const auto& index : table.indexes) {
    if (index.status != Status::kDeleting) indexes.push_back(&index);
  }
  std::ranges::sort(indexes, {}, &Index::name);
  for (const auto* index : indexes) GUST_CHECK(each(index->key, IndexKeyCheck{*index, item, before}));
  return {};
}

Error too_large() { return {Code::kInvalid, "Item size has exceeded the maximum allowed size", "item size"}; }

bool is_indexed(const Index& index, const Item& item) {
  const auto fits = [&](const KeyAttribute& attribute, Part part) {
    const auto it = item.find(attribute.name);
    return it != item.end() && it->second.type() == attribute.type && !is_empty(it->second) &&
           !is_too_long(it->second, part);
  };
  return fits(index.key.hash, Part::kHash) && (!index.key.range || fits(*index.key.range, Part::kRange));
}

}  // namespace gust::tables
