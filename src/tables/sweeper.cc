#include "tables/sweeper.h"

#include "base/log.h"
#include "tables/keys.h"

#include <algorithm>

namespace gust::tables {
namespace {

constexpr std::int64_t kOldest_s = 5LL * 365 * 24 * 60 * 60;
constexpr int kRestFactor = 20;  // a sweep may take a twentieth of the time
constexpr int kCountFactor = 1000;

// `seconds` as a Number; what a clock says always fits.
Number number_of(std::int64_t seconds) { return Number::parse(std::to_string(seconds)).value_or(Number()); }

}  // namespace

bool is_expired(const Item& item, const std::string& attribute, WallTime now) {
  const auto found = item.find(attribute);
  const auto* at = found == item.end() ? nullptr : found->second.as<Number>();
  if (at == nullptr) return false;
  const auto seconds = to_epoch_ms(now) / 1000;
  return *at <= number_of(seconds) && *at > number_of(seconds - kOldest_s);
}

async::Task<void> Sweeper::run() {
  for (;;) {
    const auto start = clock_.steady();
    if (const auto done = co_await sweep(); !done) {
      if (done.error().code == Code::kCancelled) co_return done;
      GUST_WARN("tables: removing what has outlived its time: {}", done.error().message);
    }
    const auto took = std::chrono::duration_cast<Millis>(clock_.steady() - start);
    GUST_CO_CHECK(co_await async::sleep_for(std::max(period_, took * kRestFactor)));
  }
}

async::Task<void> Sweeper::sweep() {
  GUST_CO_TRY(const auto all, co_await catalog_.all());
  std::erase_if(counted_, [&](const auto& entry) {
    return std::ranges::find(all, entry.first, &Table::id) == all.end();
  });
  // What is wrong with one table is no reason to leave the others.
  Result<void> first;
  for (const auto& table : all) {
    const auto done = co_await sweep_one(table);
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done && first) first = done;
  }
  co_return first;
}

async::Task<void> Sweeper::sweep_one(Table table) {
  if (!table.ttl_attribute.empty()) GUST_CO_CHECK(co_await expire(table));
  co_return co_await count(std::move(table));
}

async::Task<void> Sweeper::expire(Table table) {
  std::optional<Item> after;
  do {
    PageQuery query{.table = table, .caching = kv::Caching::kPass};
    query.start = std::move(after);
    query.filter = [attribute = table.ttl_attribute, now = clock_.now()](const Item& item) -> Result<bool> {
      return is_expired(item, attribute, now);
    };
    GUST_CO_TRY(auto page, co_await items_.page(std::move(query)));
    for (auto& item : page.items) GUST_CO_CHECK(co_await remove(table, std::move(item)));
    after = std::move(page.last);
  } while (after);
  co_return Result<void>();
}

async::Task<void> Sweeper::count(Table table) {
  const auto start = clock_.steady();
  const auto known = counted_.find(table.id);
  if (known != counted_.end() && start < known->second.again) co_return Result<void>();
  GUST_CO_TRY(auto counts, co_await items_.count(table));
  const auto end = clock_.steady();
  const auto rest = std::max<SteadyTime::duration>(period_, (end - start) * kCountFactor);
  std::uint64_t bytes = 0;
  for (const auto& [_, one] : counts) bytes += one.bytes;
  counted_[table.id] = {std::move(counts), end + rest, bytes};
  co_return Result<void>();
}

Sweeper::Counts Sweeper::counts(const std::string& table_id) const {
  const auto found = counted_.find(table_id);
  return found == counted_.end() ? Counts() : found->second.counts;
}

std::uint64_t Sweeper::bytes(const std::string& table_id) const {
  const auto found = counted_.find(table_id);
  return found == counted_.end() ? 0 : found->second.bytes;
}

async::Task<void> Sweeper::remove(Table table, Item item) {
  // The table may be another by now, or may have had its time to live turned off.
  Place place{table.account, table.region, table.name};
  const auto now_is = co_await catalog_.find(std::move(place));
  if (!now_is && now_is.error().code != Code::kNotFound) co_return std::unexpected(now_is.error());
  if (!now_is || (*now_is)->id != table.id || (*now_is)->ttl_attribute != table.ttl_attribute)
    co_return Result<void>();
  table = **now_is;
  Write write{.kind = Write::Kind::kDelete, .table = table, .key = key_of(table.key, item)};
  write.cause = Cause::kExpiry;
  // It may have got more time meanwhile.
  write.condition = [attribute = table.ttl_attribute, now = clock_.now()](const Item& there) -> Result<bool> {
    return is_expired(there, attribute, now);
  };
  const auto done = co_await items_.write(std::move(write));
  // A table or an item that another changes is for the next sweep.
  if (!done && done.error().code != Code::kPrecondition && done.error().code != Code::kConflict &&
      done.error().code != Code::kNotFound)
    co_return std::unexpected(done.error());
  co_return Result<void>();
}

}  // namespace gust::tables
