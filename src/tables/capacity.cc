#include "tables/capacity.h"

#include "tables/keys.h"

#include <algorithm>
#include <chrono>

namespace gust::tables {
namespace {

constexpr std::size_t kMany = 10'000;  // tables whose buckets are kept; idle ones are full again anyway

const Index* global(const Table& table, std::string_view name) {
  const auto* index = name.empty() ? nullptr : find_index(table, name);
  return index != nullptr && index->scope == Scope::kGlobal ? index : nullptr;
}

}  // namespace

bool CapacityMeter::is_limited(const Table& table) {
  if (table.billing == BillingMode::kProvisioned) return true;
  const auto limited = [](const OnDemandLimits& limits) { return limits.read > 0 || limits.write > 0; };
  return limited(table.on_demand) || std::ranges::any_of(table.indexes, limited, &Index::on_demand);
}

CapacityMeter::Rate CapacityMeter::rate_of(const Table& table, const Index* index, Units units) {
  const bool reads = units == Units::kRead;
  if (table.billing == BillingMode::kProvisioned) {
    const auto& of = index == nullptr ? table.throughput : index->throughput;
    const auto rate = static_cast<double>(reads ? of.read : of.write);
    return {rate, rate * kBurstSeconds, Exceeded::Limit::kProvisioned};
  }
  const auto& of = index == nullptr ? table.on_demand : index->on_demand;
  const auto rate = static_cast<double>(reads ? of.read : of.write);
  return {rate, rate, Exceeded::Limit::kOnDemand};
}

CapacityMeter::Bucket& CapacityMeter::bucket_of(const Table& table, const Index* index, Units units) {
  auto it = tables_.find(table.id);
  if (it == tables_.end()) {
    if (tables_.size() >= kMany) forget_idle();
    it = tables_.emplace(table.id, Buckets()).first;
  }
  auto& pair = index == nullptr ? it->second.table : it->second.indexes[index->name];
  return units == Units::kRead ? pair.read : pair.write;
}

// One that was not used yet is full.
double CapacityMeter::left(Bucket& bucket, const Rate& rate) {
  const auto now = clock_.steady();
  if (!bucket.used) {
    bucket = {rate.most, now, true};
    return bucket.left;
  }
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.left = std::min(rate.most, bucket.left + rate.units * passed.count());
  bucket.at = now;
  return bucket.left;
}

std::optional<Exceeded> CapacityMeter::check(const Table& table, Units units, std::string_view index) {
  if (!is_limited(table)) return std::nullopt;
  const auto* of = global(table, index);
  const auto rate = rate_of(table, of, units);
  if (rate.units <= 0 || left(bucket_of(table, of, units), rate) > 0) return std::nullopt;
  return Exceeded{units, rate.limit, of == nullptr ? "" : of->name};
}

std::vector<Exceeded> CapacityMeter::exhausted(const Table& table) {
  std::vector<Exceeded> out;
  if (!is_limited(table)) return out;
  for (const auto& index : table.indexes) {
    if (index.scope != Scope::kGlobal) continue;
    if (auto exceeded = check(table, Units::kWrite, index.name)) out.push_back(*std::move(exceeded));
  }
  return out;
}

void CapacityMeter::take(const Table& table, Units units, const Usage& usage) {
  if (taken_) {
    double all = usage.table;
    for (const auto& [name, taken] : usage.indexes) all += taken;
    taken_(table, units, all);
  }
  if (!is_limited(table)) return;
  const auto take_from = [&](const Index* index, double taken) {
    const auto rate = rate_of(table, index, units);
    if (rate.units <= 0 || taken <= 0) return;
    auto& bucket = bucket_of(table, index, units);
    left(bucket, rate);
    bucket.left -= taken;
  };
  double own = usage.table;
  for (const auto& [name, taken] : usage.indexes) {
    const auto* index = global(table, name);
    if (index == nullptr)
      own += taken;
    else
      take_from(index, taken);
  }
  take_from(nullptr, own);
}

void CapacityMeter::forget_idle() {
  const auto now = clock_.steady();
  const auto idle = [&](const Bucket& bucket) {
    return !bucket.used || now - bucket.at > std::chrono::duration<double>(2 * kBurstSeconds);
  };
  std::erase_if(tables_, [&](const auto& one) {
    const auto& [read, write] = one.second.table;
    return idle(read) && idle(write) && std::ranges::all_of(one.second.indexes, [&](const auto& index) {
             return idle(index.second.read) && idle(index.second.write);
           });
  });
}

}  // namespace gust::tables
