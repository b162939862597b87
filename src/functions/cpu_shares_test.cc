#include "functions/cpu_shares.h"

#include <gtest/gtest.h>

namespace gust::functions {
namespace {

constexpr SteadyTime kStart{};
constexpr SteadyTime at(int ms) { return kStart + Millis(ms); }

TEST(CpuShares, WhoRunsAloneHasItAll) {
  CpuShares shares;
  EXPECT_EQ(shares.take(CpuShares::kNone, 700, at(10)), 700u);
  EXPECT_EQ(shares.take(CpuShares::kNone, 900, at(20)), 200u);
  const auto claim = shares.begin(at(20));
  EXPECT_EQ(shares.take(claim, 1000, at(30)), 100u);
}

TEST(CpuShares, TwoAtOnceShareByTheTimeThatTheyRan) {
  CpuShares shares;
  const auto first = shares.begin(at(0));
  const auto second = shares.begin(at(30));
  shares.end(first, at(40));
  EXPECT_EQ(shares.take(first, 1000, at(40)), 800u) << "40 ms of 50";
  shares.end(second, at(50));
  EXPECT_EQ(shares.take(second, 1500, at(50)), 700u) << "its share, and what it used alone";
}

TEST(CpuShares, TimeAfterTheEndIsNotCounted) {
  CpuShares shares;
  const auto first = shares.begin(at(0));
  const auto second = shares.begin(at(0));
  shares.end(first, at(10));
  shares.end(first, at(90));
  shares.end(second, at(90));
  EXPECT_EQ(shares.take(second, 1000, at(100)), 900u);
  EXPECT_EQ(shares.take(first, 1000, at(100)), 100u);
}

TEST(CpuShares, TheSumIsTheTotalWhateverTheOrder) {
  CpuShares shares;
  std::vector<CpuShares::Claim> claims;
  std::uint64_t total = 0, sum = 0;
  for (int i = 0; i < 100; ++i) {
    claims.push_back(shares.begin(at(i)));
    total += static_cast<std::uint64_t>(i * i % 37);
    if (i % 3 == 2) {
      const auto which = claims.begin() + i * 7 % static_cast<int>(claims.size());
      shares.end(*which, at(i));
      sum += shares.take(*which, total, at(i));
      claims.erase(which);
    }
  }
  for (const auto claim : claims) sum += shares.take(claim, total, at(100));
  EXPECT_EQ(sum, total);
}

TEST(CpuShares, ATotalThatGoesBackIsNothing) {
  CpuShares shares;
  EXPECT_EQ(shares.take(shares.begin(at(0)), 1000, at(1)), 1000u);
  EXPECT_EQ(shares.take(shares.begin(at(1)), 0, at(2)), 0u);
  EXPECT_EQ(shares.take(shares.begin(at(2)), 1100, at(3)), 100u);
}

}  // namespace
}  // namespace gust::functions
