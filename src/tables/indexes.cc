#include "tables/indexes.h"

#include "tables/keys.h"
#include "tables/rows.h"
#include "tables/units.h"

#include <algorithm>

namespace gust::tables {
namespace {

Item project(const Table& table, const Index& index, const Item& item) {
  if (index.projected == Projected::kAll) return item;
  auto out = key_of(table.key, item);
  out.merge(key_of(index.key, item));
  if (index.projected != Projected::kInclude) return out;
  for (const auto& name : index.included) {
    if (const auto it = item.find(name); it != item.end()) out.insert(*it);
  }
  return out;
}

}  // namespace

std::optional<IndexRow> index_row(const Table& table, const Index& index, const Item& item) {
  if (!is_indexed(index, item)) return std::nullopt;
  return IndexRow{rows::index_key(table, index, item), project(table, index, item)};
}

void change_indexes(kv::Transaction& tx, const Table& table, const std::optional<Item>& before,
                    const std::optional<Item>& after, std::map<std::string, double>& units) {
  for (const auto& index : table.indexes) {
    if (index.status == Status::kDeleting) continue;
    const auto was = before ? index_row(table, index, *before) : std::nullopt;
    const auto is = after ? index_row(table, index, *after) : std::nullopt;
    if (was == is) continue;
    auto& used = units[index.name];
    const bool moved = was && (!is || is->key != was->key);
    if (moved) {
      tx.erase(was->key);
      used += write_units(size_of(was->item));
    }
    if (!is) continue;
    tx.put(is->key, rows::encode(is->item));
    used += write_units(std::max(size_of(is->item), was && !moved ? size_of(was->item) : 0));
  }
}

}  // namespace gust::tables
