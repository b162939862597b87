#include "tables/collections.h"

#include "tables/rows.h"

#include <algorithm>

namespace gust::tables {
namespace {

using namespace std::chrono_literals;

constexpr auto kFresh = 60s;
constexpr std::size_t kMany = 10'000, kRows = 64;  // of up to 400 KB each

}  // namespace

bool Collections::has_collections(const Table& table) {
  return std::ranges::find(table.indexes, Scope::kLocal, &Index::scope) != table.indexes.end();
}

async::Task<std::uint64_t> Collections::read(std::string prefix) {
  auto range = kv::Range::prefix(prefix, kRows);
  std::uint64_t bytes = 0;
  for (;;) {
    GUST_CO_TRY(const auto rows, co_await store_.scan(range));
    for (const auto& row : rows) bytes += row.value.size();
    if (rows.size() < kRows) co_return bytes;
    range.begin = rows.back().key + '\0';
  }
}

async::Task<std::uint64_t> Collections::size(Table table, Item item, std::uint64_t counted) {
  const auto hash = item.find(table.key.hash.name);
  if (counted < small_ || hash == item.end()) co_return counted;
  const auto own = rows::collection_prefix(rows::items_prefix(table.id), hash->second);
  const auto known = known_.find(own);
  if (known != known_.end() && clock_.steady() - known->second.at < kFresh) co_return known->second.bytes;
  GUST_CO_TRY(auto bytes, co_await read(own));
  for (const auto& index : table.indexes) {
    if (index.scope != Scope::kLocal) continue;
    auto prefix = rows::collection_prefix(rows::index_prefix(table.id, index.name), hash->second);
    GUST_CO_TRY(const auto more, co_await read(std::move(prefix)));
    bytes += more;
  }
  if (known_.size() >= kMany) known_.clear();
  known_[own] = {bytes, clock_.steady()};
  co_return bytes;
}

async::Task<void> Collections::check(Table table, Item item, std::uint64_t counted) {
  if (counted < limit_) co_return Result<void>();
  GUST_CO_TRY(const auto bytes, co_await size(std::move(table), std::move(item), counted));
  if (bytes < limit_) co_return Result<void>();
  co_return fail(Code::kTooLarge, "Collection size exceeded.", "collection");
}

}  // namespace gust::tables
