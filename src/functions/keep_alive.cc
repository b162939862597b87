#include "functions/keep_alive.h"

#include "base/assert.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace gust::functions {
namespace {

constexpr Millis kMinute{60'000};
constexpr unsigned kMinSamples = 5;    // the paper names no number
constexpr unsigned kHeadPercent = 5;   // the paper's cut-offs
constexpr unsigned kTailPercent = 99;  //
constexpr int kMarginPercent = 10;     // how much earlier, and later, than those
constexpr unsigned kMinCvSquared = 4;  // a coefficient of variation of the bins below 2 tells nothing
constexpr std::uint16_t kLongMargin = 5;
constexpr std::size_t kForgetEachTime = 64;

}  // namespace

void IdleTimes::record(Millis idle) {
  const auto minutes = static_cast<std::uint64_t>(std::max<Millis::rep>(0, idle / kMinute));
  if (within_ + outside_ >= static_cast<int>(kWindow)) halve();
  if (minutes < kBins) {
    ++bins_[minutes];
    ++within_;
    return;
  }
  ++outside_;
  std::rotate(long_ones_.begin(), long_ones_.end() - 1, long_ones_.end());
  long_ones_[0] = static_cast<std::uint16_t>(std::min<std::uint64_t>(minutes, 0xffff));
  long_count_ = static_cast<std::uint8_t>(std::min<std::size_t>(long_count_ + 1u, kLongOnes));
}

// The odd one of a bin goes on to the next, so that a tail of single ones is thinned out, not lost.
void IdleTimes::halve() {
  unsigned carry = 0, sum = 0;
  for (auto& bin : bins_) {
    carry += bin;
    bin = static_cast<std::uint8_t>(carry / 2);
    carry %= 2;
    sum += bin;
  }
  within_ = static_cast<std::uint8_t>(sum);
  outside_ = static_cast<std::uint8_t>((outside_ + carry) / 2);
}

std::optional<KeepAlivePlan> IdleTimes::plan(int start_is_worth) const {
  const unsigned all = within_ + outside_;
  if (all < kMinSamples && outside_ < kLongOnes) return std::nullopt;
  if (outside_ * 2u > all) return from_long_ones();
  // (CV of the bins)^2 = bins * sum of squares / (sum)^2 - 1
  const auto squares = std::transform_reduce(bins_.begin(), bins_.end(), std::uint64_t{0}, std::plus<>(),
                                             [](std::uint64_t n) { return n * n; });
  if (kBins * squares < (kMinCvSquared + 1) * std::uint64_t{within_} * within_) return std::nullopt;
  std::optional<Bins> window = between_percentiles();
  if (start_is_worth > 0) window = that_pay(*window, start_is_worth);
  if (!window) return std::nullopt;
  return KeepAlivePlan{window->first * kMinute * (100 - kMarginPercent) / 100,
                       (window->last + 1) * kMinute * (100 + kMarginPercent) / 100};
}

IdleTimes::Bins IdleTimes::between_percentiles() const {
  const auto percentile = [this](unsigned percent) {
    unsigned sum = 0;
    for (std::size_t i = 0; i < kBins; ++i) {
      sum += bins_[i];
      if (sum * 100 >= within_ * percent && sum > 0) return i;
    }
    return kBins - 1;
  };
  return {percentile(kHeadPercent), percentile(kTailPercent)};
}

// Of `window` the part that saves the most starts for its idle time: of those who are still to come after minute i,
// some come in it and save a start; all others cost a minute of an instance. That is the run of bins with the largest
// sum.
std::optional<IdleTimes::Bins> IdleTimes::that_pay(Bins window, int start_is_worth) const {
  int to_come = within_ + outside_;
  for (std::size_t i = 0; i < window.first; ++i) to_come -= bins_[i];
  std::optional<Bins> best;
  int best_sum = 0, sum = 0;
  auto first = window.first;
  for (auto i = window.first; i <= window.last; ++i) {
    if (sum <= 0) {
      sum = 0;
      first = i;
    }
    to_come -= bins_[i];
    sum += bins_[i] * start_is_worth - to_come - bins_[i] / 2;
    if (sum > best_sum) {
      best_sum = sum;
      best = Bins{first, i};
    }
  }
  return best;
}

// In place of the paper's ARIMA: when the last four long idle times lie within 15 % of each other, the next will be
// like them.
std::optional<KeepAlivePlan> IdleTimes::from_long_ones() const {
  if (long_count_ < kLongOnes) return std::nullopt;
  const auto [least, most] = std::ranges::minmax(long_ones_);
  const int spread = most - least;
  if (most == 0xffff || spread * 100 > least * 15) return std::nullopt;
  const int margin = std::max<int>(spread, kLongMargin);
  return KeepAlivePlan{(least - margin) * kMinute, (most + 1 + margin) * kMinute};
}

void KeepAlive::began(const FunctionRef& key, SteadyTime now) {
  if (settings_.fixed) return;
  auto it = functions_.find(key);
  if (it == functions_.end()) {
    if (functions_.size() >= kMaxFunctions) return;
    it = functions_.try_emplace(key).first;
  }
  auto& entry = it->second;
  if (entry.running++ > 0) return;
  cancel_pre_warm(key, entry);
  if (entry.ran) entry.idle_times.record(std::chrono::duration_cast<Millis>(now - entry.last_end));
  entry.ran = true;
}

void KeepAlive::ended(const FunctionRef& key, SteadyTime now) {
  const auto it = functions_.find(key);
  if (it == functions_.end() || it->second.running == 0) return;  // it was not recorded, or forgotten meanwhile
  --it->second.running;
  it->second.last_end = now;
}

std::optional<SteadyTime> KeepAlive::idle_since(const FunctionRef& key) const {
  const auto it = functions_.find(key);
  if (it == functions_.end() || !it->second.ran || it->second.running > 0) return std::nullopt;
  return it->second.last_end;
}

KeepAlivePlan KeepAlive::plan(const FunctionRef& key) const {
  if (settings_.fixed) return {Millis(0), *settings_.fixed};
  const auto it = functions_.find(key);
  const auto learned = it == functions_.end() ? std::nullopt : it->second.idle_times.plan(settings_.start_is_worth);
  return learned.value_or(KeepAlivePlan{Millis(0), settings_.unknown});
}

bool KeepAlive::should_end(const FunctionRef& key, SteadyTime instance_since, SteadyTime now) {
  const auto [pre_warm_after, keep_until] = plan(key);
  const auto since = idle_since(key);
  if (!since) return now - instance_since >= keep_until;
  const auto idle = now - std::min(instance_since, *since);
  if (idle >= keep_until) return true;
  if (pre_warm_after == Millis(0) || now - *since >= pre_warm_after) return false;
  auto& entry = functions_.at(key);
  if (entry.pre_warm_at == SteadyTime::max()) {
    entry.pre_warm_at = *since + pre_warm_after;
    pre_warms_.emplace(entry.pre_warm_at, key);
  }
  return true;
}

std::vector<FunctionRef> KeepAlive::due(SteadyTime now) {
  std::vector<FunctionRef> out;
  while (!pre_warms_.empty() && pre_warms_.begin()->first <= now) {
    out.push_back(pre_warms_.begin()->second);
    cancel_pre_warm(out.back(), functions_.at(out.back()));
  }
  forget_some(now);
  return out;
}

void KeepAlive::forget(const FunctionRef& key) {
  const auto it = functions_.find(key);
  if (it == functions_.end()) return;
  cancel_pre_warm(key, it->second);
  functions_.erase(it);
}

void KeepAlive::cancel_pre_warm(const FunctionRef& key, Entry& entry) {
  if (entry.pre_warm_at == SteadyTime::max()) return;
  pre_warms_.erase({entry.pre_warm_at, key});
  entry.pre_warm_at = SteadyTime::max();
}

// A few at a time, so that no sweep is long.
void KeepAlive::forget_some(SteadyTime now) {
  auto it = functions_.upper_bound(cursor_);
  for (std::size_t i = 0; i < kForgetEachTime && it != functions_.end(); ++i) {
    cursor_ = it->first;
    const bool old = it->second.running == 0 && now - it->second.last_end > kForgetAfter;
    if (old) cancel_pre_warm(it->first, it->second);
    it = old ? functions_.erase(it) : std::next(it);
  }
  if (it == functions_.end()) cursor_ = {};
}

}  // namespace gust::functions
