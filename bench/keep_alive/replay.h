// Plays a trace against a keep-alive policy in simulated time. As in the paper an invocation takes no time and a start
// none, so that what is counted as wasted is all the time that an instance is there: the worst case.
#pragma once

#include "functions/keep_alive.h"
#include "bench/keep_alive/trace.h"

#include <map>
#include <string>
#include <vector>

namespace gust::bench {

struct Outcome {
  std::uint64_t invocations = 0;
  std::uint64_t cold = 0;
  double wasted_mb_s = 0;
};

struct Policy {
  std::string name;
  functions::KeepAliveSettings settings;
};

struct Result {
  Outcome all;
  std::map<Kind, Outcome> by_kind;
  std::vector<double> cold_shares;  // of each function that was invoked, in order of size

  double cold_share() const { return static_cast<double>(all.cold) / static_cast<double>(all.invocations); }
  // The cold-start share below which `share` of the functions lie.
  double percentile(double share) const;
};

struct Trace {
  std::uint64_t seed = 1;
  std::size_t functions = 1'000;
  int days = 1;
  int learned_days = 0;  // the first ones are not counted
};

Outcome replay_function(const TraceFunction& function, const Policy& policy, Millis from, Millis end);
std::vector<Result> replay(const Trace& trace, const std::vector<Policy>& policies);

}  // namespace gust::bench
