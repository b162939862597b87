#include "bench/keep_alive/replay.h"

#include <algorithm>

namespace gust::bench {
namespace {

using functions::KeepAlivePlan;

struct Gap {
  bool cold;
  Millis present;  // how long an instance was there for nothing
};

Gap play(const KeepAlivePlan& plan, Millis idle) {
  const auto there = std::clamp(idle, plan.pre_warm_after, plan.keep_until) - plan.pre_warm_after;
  return {idle < plan.pre_warm_after || idle >= plan.keep_until, there};
}

}  // namespace

double Result::percentile(double share) const {
  if (cold_shares.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(cold_shares.size()));
  return cold_shares[std::min(at, cold_shares.size() - 1)];
}

Outcome replay_function(const TraceFunction& function, const Policy& policy, Millis from, Millis end) {
  functions::KeepAlive keep_alive(policy.settings);
  const functions::FunctionRef ref;
  const SteadyTime start{};
  Outcome out;
  KeepAlivePlan plan;
  for (std::size_t i = 0; i < function.arrivals.size(); ++i) {
    const auto now = function.arrivals[i];
    const auto gap = i == 0 ? Gap{true, {}} : play(plan, now - function.arrivals[i - 1]);
    keep_alive.began(ref, start + now);
    keep_alive.ended(ref, start + now);
    plan = keep_alive.plan(ref);
    if (now < from) continue;
    ++out.invocations;
    out.cold += gap.cold ? 1 : 0;
    out.wasted_mb_s += static_cast<double>(gap.present.count()) / 1000 * function.memory_mb;
  }
  if (out.invocations > 0)
    out.wasted_mb_s +=
        static_cast<double>(play(plan, end - function.arrivals.back()).present.count()) / 1000 * function.memory_mb;
  return out;
}

std::vector<Result> replay(const Trace& trace, const std::vector<Policy>& policies) {
  constexpr auto kDay = std::chrono::hours(24);
  std::vector<Result> out(policies.size());
  for (std::size_t i = 0; i < trace.functions; ++i) {
    const auto function = make_function(trace.seed, i, trace.days);
    for (std::size_t p = 0; p < policies.size(); ++p) {
      const auto one = replay_function(function, policies[p], kDay * trace.learned_days, kDay * trace.days);
      if (one.invocations == 0) continue;
      for (auto* sum : {&out[p].all, &out[p].by_kind[function.kind]}) {
        sum->invocations += one.invocations;
        sum->cold += one.cold;
        sum->wasted_mb_s += one.wasted_mb_s;
      }
      out[p].cold_shares.push_back(static_cast<double>(one.cold) / static_cast<double>(one.invocations));
    }
  }
  for (auto& result : out) std::ranges::sort(result.cold_shares);
  return out;
}

}  // namespace gust::bench
