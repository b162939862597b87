#include "metrics/distribution.h"

#include <algorithm>
#include <cmath>

namespace gust::metrics {
namespace {

constexpr int kFinest = -6;  // of level 0: the binary logarithm of a range's octaves

// The middle of the range that a value is in. A middle is its own.
double middle_of(double value, int level) {
  if (value == 0 || level == Distribution::kExact) return value;
  const double octaves = std::ldexp(1, level + kFinest);
  const double range = std::floor(std::log2(std::abs(value)) / octaves);
  return std::copysign(std::exp2((range + 0.5) * octaves), value);
}

}  // namespace

Distribution::Distribution(int level, std::vector<std::pair<double, double>> values)
    : level_(std::clamp(level, kExact, kCoarsest)) {
  for (const auto& [value, count] : values) insert(middle_of(value, level_), count);
  bound();
}

void Distribution::insert(double value, double count) {
  const auto at = std::ranges::lower_bound(values_, value, {}, &std::pair<double, double>::first);
  if (at != values_.end() && at->first == value) {
    at->second += count;
  } else {
    values_.emplace(at, value, count);
  }
}

void Distribution::coarsen_to(int level) {
  if (level <= level_) return;
  level_ = level;
  std::vector<std::pair<double, double>> out;
  for (const auto& [value, count] : values_) {
    const auto middle = middle_of(value, level_);
    if (!out.empty() && out.back().first == middle) {
      out.back().second += count;
    } else {
      out.emplace_back(middle, count);
    }
  }
  values_ = std::move(out);
}

void Distribution::bound() {
  while (values_.size() > kMost && level_ < kCoarsest) coarsen_to(level_ + 1);
}

void Distribution::add(double value, double count) {
  insert(middle_of(value, level_), count);
  bound();
}

void Distribution::merge(const Distribution& other) {
  coarsen_to(other.level_);
  std::vector<std::pair<double, double>> out;
  out.reserve(values_.size() + other.values_.size());
  auto mine = values_.begin();
  const auto take = [&out](double value, double count) {
    if (!out.empty() && out.back().first == value) {
      out.back().second += count;
    } else {
      out.emplace_back(value, count);
    }
  };
  for (const auto& [value, count] : other.values_) {
    const auto middle = middle_of(value, level_);
    for (; mine != values_.end() && mine->first <= middle; ++mine) take(mine->first, mine->second);
    take(middle, count);
  }
  for (; mine != values_.end(); ++mine) take(mine->first, mine->second);
  values_ = std::move(out);
  bound();
}

double Distribution::quantile(double share) const {
  if (values_.empty()) return 0;
  double all = 0;
  for (const auto& [value, count] : values_) all += count;
  // What is missing after additions of many counts must not make it the next value.
  const double wanted = all * std::clamp(share, 0.0, 1.0) * (1 - 1e-12);
  double passed = 0;
  for (const auto& [value, count] : values_) {
    passed += count;
    if (passed >= wanted) return value;
  }
  return values_.back().first;
}

double Distribution::mean_between(double low, double high) const {
  double all = 0;
  for (const auto& [value, count] : values_) all += count;
  const double from = all * low, to = all * high;
  double passed = 0, sum = 0, taken = 0;
  for (const auto& [value, count] : values_) {
    const double part = std::min(passed + count, to) - std::max(passed, from);
    if (part > 0) {
      sum += value * part;
      taken += part;
    }
    passed += count;
  }
  return taken > 0 ? sum / taken : quantile(high);
}

}  // namespace gust::metrics
