#include "functions/crowding.h"

#include <gtest/gtest.h>

namespace gust::functions {
namespace {

constexpr std::size_t kLeast = 4;

// Sixty-four run on a machine without idle cores, most of which the function has.
CrowdedPeriod crowded() {
  CrowdedPeriod period;
  period.share = 0.6;
  period.idle = 0.02;
  period.cpu_us = 450;
  period.duration_us = 25'000;
  period.taken = 64;
  return period;
}

// So many as a limit lets run, and others wait.
CrowdedPeriod held(std::size_t limit, double cpu_us, double duration_us, double idle) {
  auto period = crowded();
  period.taken = limit;
  period.cpu_us = cpu_us;
  period.duration_us = duration_us;
  period.idle = idle;
  period.waited = Millis(15);
  return period;
}

TEST(Crowding, TheMachinesTimeIsTheFirstLineOfProcStat) {
  const auto time = parse_machine_time("cpu  10 1 20 300 40 5 6 7 99 99\ncpu0 1 1 1 1\n");
  EXPECT_EQ(time.all, 389u);
  EXPECT_EQ(time.idle, 340u);
  EXPECT_EQ(parse_machine_time("").all, 0u);
  EXPECT_EQ(parse_machine_time("intr 1 2 3").all, 0u);
}

TEST(Crowding, OnlyWhoUsesTheCoresOfAFullMachineIsLimited) {
  EXPECT_EQ(next_limit(kNoLimit, kLeast, crowded()), kLeast);
  auto idle = crowded();
  idle.idle = 0.3;
  EXPECT_EQ(next_limit(kNoLimit, kLeast, idle), kNoLimit);
  auto others = crowded();
  others.share = 0.1;
  EXPECT_EQ(next_limit(kNoLimit, kLeast, others), kNoLimit);
}

TEST(Crowding, WhoWaitsForCoresOnlyStaysAtTheLeast) {
  EXPECT_EQ(next_limit(kLeast, kLeast, held(kLeast, 130, 1000, 0.2)), kLeast);
  EXPECT_EQ(next_limit(kLeast, kLeast, held(kLeast, 130, 9000, 0.0)), kLeast) << "others have the cores";
}

TEST(Crowding, WhoWaitsForMoreThanCoresRunsUntilTheyAreBusy) {
  EXPECT_EQ(next_limit(kLeast, kLeast, held(kLeast, 1000, 11'000, 0.3)), 8u);
  EXPECT_EQ(next_limit(kLeast, kLeast, held(kLeast, 200, 1500, 0.6)), 8u) << "cores are idle";
  EXPECT_EQ(next_limit(8, kLeast, held(8, 1000, 11'000, 0.2)), 16u);
  EXPECT_EQ(next_limit(16, kLeast, held(16, 1000, 15'000, 0.05)), 16u);
  auto long_ago = held(16, 1000, 15'000, 0.05);
  long_ago.kept = 20;
  EXPECT_EQ(next_limit(16, kLeast, long_ago), kLeast) << "looked at again";
}

TEST(Crowding, ALimitEndsWhereItIsOfNoUse) {
  EXPECT_EQ(next_limit(kLeast, kLeast, held(kLeast - 1, 130, 1000, 0.2)), kNoLimit) << "none waits";
  auto late = held(kLeast, 130, 1000, 0.0);
  late.waited = Millis(300);
  EXPECT_EQ(next_limit(kLeast, kLeast, late), kNoLimit);
  auto others = held(kLeast, 130, 9000, 0.0);
  others.share = 0.05;
  EXPECT_EQ(next_limit(kLeast, kLeast, others), kLeast);
  others.kept = 3;
  EXPECT_EQ(next_limit(kLeast, kLeast, others), kNoLimit);
}

}  // namespace
}  // namespace gust::functions
