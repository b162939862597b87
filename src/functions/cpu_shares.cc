#include "functions/cpu_shares.h"

#include <algorithm>

namespace gust::functions {

CpuShares::Claim CpuShares::begin(SteadyTime now) {
  running_.push_back({++last_, now});
  return last_;
}

void CpuShares::end(Claim claim, SteadyTime now) {
  const auto found = std::ranges::find(running_, claim, &Running::claim);
  if (found != running_.end()) found->until = std::min(found->until, now);
}

std::uint64_t CpuShares::take(Claim claim, std::uint64_t total_us, SteadyTime now) {
  auto left = total_us - std::min(shared_us_, total_us);
  shared_us_ = std::max(shared_us_, total_us);
  const auto found = std::ranges::find(running_, claim, &Running::claim);
  if (found == running_.end()) return left;
  const auto time_of = [&](const Running& one) {
    const auto until = std::min(one.until, now);
    return until > one.since ? std::chrono::duration<double>(until - one.since).count() : 0;
  };
  double time = 0;
  for (const auto& one : running_) time += time_of(one);
  const auto to_share = static_cast<double>(left);
  for (auto& one : running_) {
    if (one.claim == claim) continue;
    const auto share = time > 0 ? static_cast<std::uint64_t>(to_share * time_of(one) / time) : 0;
    one.us += std::min(share, left);
    left -= std::min(share, left);
    one.since = std::max(one.since, now);
  }
  const auto own = found->us + left;
  running_.erase(found);
  return own;
}

}  // namespace gust::functions
