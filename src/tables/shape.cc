#include "tables/shape.h"

#include "kv/key.h"
#include "tables/keys.h"
#include "tables/rows.h"

#include <map>

namespace gust::tables {
namespace {

constexpr char kPlain = 1, kGone = 2, kFull = 3;

// Definitions of indexes by name; empty: there is no such index.
using Definitions = std::map<std::string, std::string>;

void append(std::string& out, const KeyAttribute& attribute) {
  kv::append_text(out, attribute.name);
  kv::append_text(out, name_of(attribute.type));
}

std::string definition(const Index& index) {
  std::string out;
  append(out, index.key.hash);
  append(out, index.key.range.value_or(KeyAttribute{}));
  out += static_cast<char>('0' + static_cast<int>(index.projected));
  for (const auto& name : index.included) kv::append_text(out, name);
  return out;
}

struct Shape {
  bool gone = false;
  bool recoverable = false;    // history is kept for restores to a time
  std::uint64_t copies = 0;    // of its rows that are being made
  Definitions definitions = {};
  bool operator==(const Shape&) const = default;
};

std::string encode(const Shape& shape) {
  std::string row;
  if (shape.gone) {
    row += kGone;
    if (shape.copies > 0) kv::append_number(row, shape.copies);
    return row;
  }
  if (shape.recoverable || shape.copies > 0) {
    row += kFull;
    row += shape.recoverable ? '\1' : '\0';
    kv::append_number(row, shape.copies);
  } else {
    row += kPlain;
  }
  for (const auto& [name, definition] : shape.definitions) {
    kv::append_text(row, name);
    kv::append_text(row, definition);
  }
  return row;
}

Result<Shape> decode(std::string_view row) {
  const auto damaged = [] { return fail(Code::kCorrupt, "a row of a table is not a shape"); };
  if (row.empty()) return damaged();
  Shape out;
  const char version = row[0];
  row.remove_prefix(1);
  out.gone = version == kGone;
  if (out.gone) {
    if (row.empty() || (kv::take_number(row, out.copies) && row.empty())) return out;
    return damaged();
  }
  if (version == kFull && !row.empty()) {
    out.recoverable = row[0] == '\1';
    row.remove_prefix(1);
    if (!kv::take_number(row, out.copies)) return damaged();
  } else if (version != kPlain) {
    return damaged();
  }
  while (!row.empty()) {
    std::string name, definition;
    if (!kv::take_text(row, name) || !kv::take_text(row, definition)) return damaged();
    out.definitions[name] = definition;
  }
  return out;
}

std::unexpected<Error> gone() { return fail(Code::kNotFound, "Requested resource not found", "table"); }

Result<Shape> read(kv::Reader& reader, const std::string& table_id) {
  GUST_TRY(const auto row, reader.get(rows::shape_key(table_id)));
  if (!row) return Shape{};
  return decode(*row);
}

Result<Shape> read_there(kv::Reader& reader, const Table& table) {
  GUST_TRY(auto shape, read(reader, table.id));
  if (shape.gone) return gone();
  return shape;
}

std::string definition(const Table& table, const std::string& name) {
  const auto* index = find_index(table, name);
  return index == nullptr ? "" : definition(*index);
}

}  // namespace

Result<void> change_shape(kv::Transaction& tx, const Table& before, const Table& after) {
  GUST_TRY(auto shape, read_there(tx, after));
  const auto known = shape;
  for (const auto* table : {&before, &after}) {
    for (const auto& index : table->indexes) {
      auto is = definition(after, index.name);
      if (is != definition(before, index.name)) shape.definitions[index.name] = std::move(is);
    }
  }
  shape.recoverable = after.recovery.has_value();
  if (shape != known) tx.put(rows::shape_key(after.id), encode(shape));
  return {};
}

Result<void> refuse_table(kv::Transaction& tx, const Table& table) {
  GUST_TRY(const auto shape, read(tx, table.id));
  tx.put(rows::shape_key(table.id), encode({.gone = true, .copies = shape.copies}));
  return {};
}

Result<Keeps> check_shape(kv::Reader& reader, const Table& table) {
  GUST_TRY(const auto shape, read_there(reader, table));
  for (const auto& [name, wanted] : shape.definitions) {
    if (definition(table, name) != wanted)
      return fail(Code::kConflict, "The table's indexes changed meanwhile; try again", "table");
  }
  return shape.recoverable || shape.copies > 0 ? Keeps::kHistory : Keeps::kNothing;
}

Result<void> check_shape(kv::Reader& reader, const Table& table, const Index& index) {
  GUST_TRY(const auto shape, read_there(reader, table));
  const auto it = shape.definitions.find(index.name);
  if (it != shape.definitions.end() && it->second != definition(index)) return gone();
  return {};
}

Result<void> begin_copy(kv::Transaction& tx, const std::string& table_id) {
  GUST_TRY(auto shape, read(tx, table_id));
  ++shape.copies;
  tx.put(rows::shape_key(table_id), encode(shape));
  return {};
}

Result<void> end_copy(kv::Transaction& tx, const std::string& table_id) {
  GUST_TRY(auto shape, read(tx, table_id));
  if (shape.copies > 0) --shape.copies;
  tx.put(rows::shape_key(table_id), encode(shape));
  return {};
}

Result<bool> is_copied(kv::Reader& reader, const std::string& table_id) {
  GUST_TRY(const auto shape, read(reader, table_id));
  return shape.copies > 0;
}

}  // namespace gust::tables
