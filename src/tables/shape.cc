#include "tables/shape.h"

#include "kv/key.h"
#include "tables/keys.h"
#include "tables/rows.h"

#include <map>

namespace gust::tables {
namespace {

constexpr char kVersion = 1, kGone = 2;

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

std::string encode(const Definitions& definitions) {
  std::string row(1, kVersion);
  for (const auto& [name, definition] : definitions) {
    kv::append_text(row, name);
    kv::append_text(row, definition);
  }
  return row;
}

Result<Definitions> decode(std::string_view row) {
  if (!row.starts_with(kVersion)) return fail(Code::kCorrupt, "a row of a table is not a shape");
  row.remove_prefix(1);
  Definitions out;
  while (!row.empty()) {
    std::string name, definition;
    if (!kv::take_text(row, name) || !kv::take_text(row, definition))
      return fail(Code::kCorrupt, "a row of a table is not a shape");
    out[name] = definition;
  }
  return out;
}

std::unexpected<Error> gone() { return fail(Code::kNotFound, "Requested resource not found", "table"); }

Result<Definitions> read(kv::Reader& reader, const Table& table) {
  GUST_TRY(const auto row, reader.get(rows::shape_key(table.id)));
  if (!row) return Definitions{};
  if (row->starts_with(kGone)) return gone();
  return decode(*row);
}

std::string definition(const Table& table, const std::string& name) {
  const auto* index = find_index(table, name);
  return index == nullptr ? "" : definition(*index);
}

}  // namespace

Result<void> change_shape(kv::Transaction& tx, const Table& before, const Table& after) {
  GUST_TRY(auto definitions, read(tx, after));
  const auto known = definitions;
  for (const auto* table : {&before, &after}) {
    for (const auto& index : table->indexes) {
      auto is = definition(after, index.name);
      if (is != definition(before, index.name)) definitions[index.name] = std::move(is);
    }
  }
  if (definitions != known) tx.put(rows::shape_key(after.id), encode(definitions));
  return {};
}

void refuse_table(kv::Transaction& tx, const Table& table) {
  tx.put(rows::shape_key(table.id), std::string(1, kGone));
}

Result<void> check_shape(kv::Reader& reader, const Table& table) {
  GUST_TRY(const auto definitions, read(reader, table));
  for (const auto& [name, wanted] : definitions) {
    if (definition(table, name) != wanted)
      return fail(Code::kConflict, "The table's indexes changed meanwhile; try again", "table");
  }
  return {};
}

Result<void> check_shape(kv::Reader& reader, const Table& table, const Index& index) {
  GUST_TRY(const auto definitions, read(reader, table));
  const auto it = definitions.find(index.name);
  if (it != definitions.end() && it->second != definition(index)) return gone();
  return {};
}

}  // namespace gust::tables
