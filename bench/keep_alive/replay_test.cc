// The replay of bench/keep_alive, small: what docs/benchmarks.md claims of it, and that the trace is what it is said to
// be.
#include "bench/keep_alive/replay.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace gust::bench {
namespace {

using std::chrono::minutes;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr std::uint64_t kSeeds = 1, kTimers = 133;  // a second of the release's takes ten there
#else
constexpr std::uint64_t kSeeds = 3, kTimers = 400;
#endif

TEST(KeepAliveReplay, FewerColdStartsAtNoMoreMemoryThanTenMinutes) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const auto results =
        replay({.seed = seed, .functions = 400}, {{"ten minutes", {.fixed = minutes(10)}}, {"auto", {}}});
    const auto& ten = results[0];
    const auto& learned = results[1];
    EXPECT_EQ(ten.all.invocations, learned.all.invocations);
    EXPECT_LT(static_cast<double>(learned.all.cold), 0.75 * static_cast<double>(ten.all.cold)) << "seed " << seed;
    EXPECT_LE(learned.all.wasted_mb_s, ten.all.wasted_mb_s) << "seed " << seed;
    EXPECT_LT(learned.percentile(0.75), ten.percentile(0.75)) << "seed " << seed;
  }
}

TEST(KeepAliveReplay, TimersAreAlmostNeverColdOnceTheyAreKnown) {
  const auto results = replay({.functions = kTimers, .days = 3, .learned_days = 2}, {{"auto", {}}});
  const auto& timers = results[0].by_kind.at(Kind::kTimer);
  ASSERT_GT(timers.invocations, 1000u);
  EXPECT_LT(static_cast<double>(timers.cold), 0.01 * static_cast<double>(timers.invocations));
}

TEST(KeepAliveReplay, CountsWhatAFixedTimeDoes) {
  TraceFunction function;
  function.memory_mb = 2;
  function.arrivals = {minutes(0), minutes(3), minutes(30), minutes(50)};
  const auto outcome = replay_function(function, {"five", {.fixed = minutes(5)}}, Millis(0), minutes(52));
  EXPECT_EQ(outcome.invocations, 4u);
  EXPECT_EQ(outcome.cold, 3u);
  EXPECT_EQ(outcome.wasted_mb_s, 2 * 60 * (3 + 5 + 5 + 2));
}

TEST(KeepAliveReplay, TheTraceRepeatsItselfAndMostFunctionsAreRare) {
  std::size_t rare = 0, busy = 0, all = 0, of_busy = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const auto one = make_function(9, i, 1);
    EXPECT_EQ(one.arrivals, make_function(9, i, 1).arrivals);
    EXPECT_TRUE(std::ranges::is_sorted(one.arrivals));
    all += one.arrivals.size();
    if (one.arrivals.size() <= 24) ++rare;
    if (one.arrivals.size() < 1'440) continue;
    ++busy;
    of_busy += one.arrivals.size();
  }
  EXPECT_GT(rare, 400u * 35 / 100);
  EXPECT_LT(busy, 400u / 4);
  EXPECT_GT(of_busy, all * 9 / 10);
}

}  // namespace
}  // namespace gust::bench
