#include "functions/log_budget.h"

#include <gtest/gtest.h>

namespace gust::functions {
namespace {

constexpr SteadyTime kStart{};

TEST(LogBudget, ABurstIsReadAtOnceAndAFloodWaits) {
  LogBudget budget(kStart);
  EXPECT_EQ(budget.wait(kStart), Millis(0));
  budget.take(LogBudget::kBytesPerSecond / 2, 0);
  EXPECT_EQ(budget.wait(kStart), Millis(0));
  budget.take(LogBudget::kBytesPerSecond, 0);  // now half a second's worth below zero
  EXPECT_EQ(budget.wait(kStart), Millis(501));
  EXPECT_EQ(budget.wait(kStart + Millis(501)), Millis(0));
}

TEST(LogBudget, LinesCostToo) {
  LogBudget budget(kStart);
  budget.take(0, 30'000);
  EXPECT_GT(budget.wait(kStart), Millis(400));
}

TEST(LogBudget, APauseGivesNoMoreThanASecondsWorth) {
  LogBudget budget(kStart);
  EXPECT_EQ(budget.wait(kStart + std::chrono::hours(1)), Millis(0));
  budget.take(LogBudget::kBytesPerSecond + (1 << 20), 0);
  EXPECT_GT(budget.wait(kStart + std::chrono::hours(1)), Millis(0));
}

}  // namespace
}  // namespace gust::functions
