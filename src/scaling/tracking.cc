#include "scaling/tracking.h"

#include <algorithm>
#include <cmath>
#include <ranges>

namespace gust::scaling {
namespace {

// How many it takes for `use` of `current` to be `target` of them.
std::uint32_t needed(std::uint32_t current, double use, double target) {
  const double exact = static_cast<double>(current) * use / target;
  return static_cast<std::uint32_t>(std::max(0.0, std::ceil(exact - 1e-9)));
}

bool cools(const std::optional<WallTime>& since, const std::optional<std::uint32_t>& seconds, WallTime now) {
  return since && now < *since + std::chrono::seconds(seconds.value_or(0));
}

// More than `current`, or nothing. While it cools down, what the last scaling out added counts as already there.
std::optional<std::uint32_t> wants_out(const Policy& policy, const std::deque<double>& points, std::uint32_t current,
                                       WallTime now) {
  if (points.size() < kPointsOut) return std::nullopt;
  const auto last = points | std::views::drop(points.size() - kPointsOut);
  if (!std::ranges::all_of(last, [&](double use) { return use > policy.target; })) return std::nullopt;
  const auto base = cools(policy.out_at, policy.out_cooldown_s, now) ? std::min(policy.out_base, current) : current;
  const auto wanted = needed(base, points.back(), policy.target);
  return wanted > current ? std::optional(wanted) : std::nullopt;
}

// Less than `current`, or nothing: as many as the busiest of the minutes needed.
std::optional<std::uint32_t> wants_in(const Policy& policy, const std::deque<double>& points, std::uint32_t current,
                                      WallTime now) {
  if (points.size() < kPointsIn || cools(policy.in_at, policy.in_cooldown_s, now)) return std::nullopt;
  const auto busiest = std::ranges::max(points | std::views::drop(points.size() - kPointsIn));
  if (busiest >= policy.target * kScaleInShare) return std::nullopt;
  const auto wanted = needed(current, busiest, policy.target);
  return wanted < current ? std::optional(wanted) : std::nullopt;
}

}  // namespace

void Series::close() {
  if (count_ == 0) {
    points_.clear();
    return;
  }
  points_.push_back(sum_ / static_cast<double>(count_));
  if (points_.size() > kPointsIn) points_.pop_front();
  sum_ = 0;
  count_ = 0;
}

std::optional<Decision> decide(const Target& target, const std::vector<Policy>& policies,
                               const std::deque<double>& points, std::uint32_t current, WallTime now) {
  std::optional<Decision> out, in;
  bool all_in = true;
  for (const auto& policy : policies) {
    const auto more = wants_out(policy, points, current, now);
    if (more && (!out || *more > out->wanted)) out = Decision{*more, Direction::kOut, policy.name};
    if (policy.scale_in == Policy::ScaleIn::kDisabled) continue;
    const auto less = wants_in(policy, points, current, now);
    all_in = all_in && less;
    if (less && (!in || *less > in->wanted)) in = Decision{*less, Direction::kIn, policy.name};
  }
  if (out) {
    out->wanted = std::min(out->wanted, target.max);
    return !target.suspended.scale_out && out->wanted > current ? out : std::nullopt;
  }
  if (!in || !all_in || target.suspended.scale_in) return std::nullopt;
  in->wanted = std::max(in->wanted, target.min);
  return in->wanted < current ? in : std::nullopt;
}

}  // namespace gust::scaling
