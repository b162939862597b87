#include "meter/recent.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace gust::meter {
namespace {

constexpr double kFirst_us = 50, kGrowth = 1.2;

std::size_t bucket_of(std::uint64_t us, std::size_t buckets) {
  if (static_cast<double>(us) <= kFirst_us) return 0;
  const auto at = std::ceil(std::log(static_cast<double>(us) / kFirst_us) / std::log(kGrowth));
  return std::min(static_cast<std::size_t>(at), buckets - 1);
}

}  // namespace

async::Task<void> Recent::append(Record record) {
  const auto now = slot_now();
  auto& minute = functions_[{record.account, record.function}];
  minute.last = now;
  auto& slot = minute.slots[static_cast<std::size_t>(now) % kSlots];
  if (slot.number != now) {
    slot = {};
    slot.number = now;
  }
  ++slot.invocations;
  if (!record.error_type.empty()) ++slot.errors;
  if (record.start != "warm") ++slot.starts;
  slot.cpu_us += record.cpu_us;
  slot.peak_bytes = std::max(slot.peak_bytes, record.peak_bytes);
  ++slot.durations[bucket_of(record.duration_us, kBuckets)];
  if (std::exchange(tidied_, now) != now) {
    const auto oldest = now - static_cast<std::int64_t>(kSlots);
    std::erase_if(functions_, [&](const auto& function) { return function.second.last <= oldest; });
  }
  return next_.append(std::move(record));
}

double Recent::quantile(const std::array<std::uint64_t, kBuckets>& counts, double q) {
  std::uint64_t all = 0;
  for (const auto count : counts) all += count;
  auto left = static_cast<std::uint64_t>(std::ceil(static_cast<double>(all) * q));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] >= left && counts[i] > 0)  // the middle of the bucket
      return kFirst_us * std::pow(kGrowth, static_cast<double>(i) - 0.5) / 1000;
    left -= std::min(left, counts[i]);
  }
  return 0;
}

std::vector<Recent::Row> Recent::rows(const AccountId& account) const {
  const auto now = slot_now();
  const auto oldest = now - static_cast<std::int64_t>(kSlots);
  const auto in_slot = static_cast<double>(to_epoch_ms(clock_.now()) % kSlot.count()) / 1000;
  const auto seconds_of_slot = static_cast<double>(kSlot.count()) / 1000;
  std::vector<Row> out;
  for (auto it = functions_.lower_bound({account, ""}); it != functions_.end() && it->first.first == account; ++it) {
    Row row;
    row.function = it->first.second;
    std::array<std::uint64_t, kBuckets> durations{};
    std::uint64_t lately = 0, cpu_us = 0;
    for (const auto& slot : it->second.slots) {
      if (slot.number <= oldest) continue;
      row.invocations += slot.invocations;
      row.errors += slot.errors;
      row.starts += slot.starts;
      cpu_us += slot.cpu_us;
      row.peak_bytes = std::max(row.peak_bytes, slot.peak_bytes);
      if (slot.number >= now - 1) lately += slot.invocations;
      for (std::size_t i = 0; i < kBuckets; ++i) durations[i] += slot.durations[i];
    }
    if (row.invocations == 0) continue;
    row.rate = static_cast<double>(lately) / (seconds_of_slot + in_slot);
    row.cpu = static_cast<double>(cpu_us) / 1e6 / (seconds_of_slot * (kSlots - 1) + in_slot);
    row.p50_ms = quantile(durations, 0.5);
    row.p99_ms = quantile(durations, 0.99);
    out.push_back(std::move(row));
  }
  return out;
}

}  // namespace gust::meter
