// The keep-alive policy on made-up patterns; every time is invented.
#include "functions/keep_alive.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>

namespace gust::functions {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Millis kUnknown = minutes(5);

FunctionRef key(const std::string& name) { return {{AccountId("000000000000"), FunctionName(name)}}; }

IdleTimes times(std::initializer_list<Millis> idle, int repeats = 1) {
  IdleTimes out;
  for (int i = 0; i < repeats; ++i) {
    for (const auto one : idle) out.record(one);
  }
  return out;
}

TEST(IdleTimes, TooFewAreNoPattern) {
  EXPECT_FALSE(IdleTimes().plan());
  EXPECT_FALSE(times({minutes(10)}, 4).plan());
  EXPECT_TRUE(times({minutes(10)}, 5).plan());
}

TEST(IdleTimes, APeriodHasAWindowAroundIt) {
  const auto plan = *times({minutes(30) + seconds(20)}, 20).plan();
  EXPECT_EQ(plan.pre_warm_after, minutes(27));           // 30, less a tenth
  EXPECT_EQ(plan.keep_until, minutes(34) + seconds(6));  // 31, and a tenth
}

TEST(IdleTimes, ABusyFunctionStays) {
  const auto plan = *times({seconds(3), seconds(20), Millis(0)}, 30).plan();
  EXPECT_EQ(plan.pre_warm_after, Millis(0));
  EXPECT_EQ(plan.keep_until, seconds(66));
}

TEST(IdleTimes, BurstsAreKeptAliveAcrossTheirPauses) {
  IdleTimes bursts;
  for (int i = 0; i < 10; ++i) {
    for (int j = 0; j < 9; ++j) bursts.record(seconds(1));
    bursts.record(minutes(20));
  }
  EXPECT_EQ(bursts.plan(), (KeepAlivePlan{Millis(0), Millis(minutes(21)) * 11 / 10}));
}

TEST(IdleTimes, IdleTimesAllOverAreNoPattern) {
  IdleTimes spread;
  for (int i = 0; i < 240; ++i) spread.record(minutes(i));
  EXPECT_FALSE(spread.plan());
}

TEST(IdleTimes, ARareRegularFunctionIsForecast) {
  const auto plan = times({hours(24) + minutes(1), hours(24)}, 2).plan();
  EXPECT_EQ(plan, (KeepAlivePlan{hours(24) - minutes(5), hours(24) + minutes(7)}));
}

TEST(IdleTimes, ARareIrregularFunctionIsNot) {
  EXPECT_FALSE(times({hours(5), hours(12), hours(30)}, 5).plan());
  EXPECT_FALSE(times({hours(24 * 90)}, 5).plan()) << "longer than can be counted";
}

TEST(IdleTimes, AnOldHabitIsForgotten) {
  auto shifting = times({minutes(5)}, 5000);
  for (int i = 0; i < 1300; ++i) shifting.record(minutes(40));
  EXPECT_EQ(shifting.plan()->pre_warm_after, minutes(36));
  EXPECT_EQ(shifting.plan()->keep_until, Millis(minutes(41)) * 11 / 10);
}

TEST(IdleTimes, ThinningOutKeepsATailOfSingles) {
  IdleTimes tail;
  for (int i = 0; i < 5000; ++i) tail.record(i % 10 == 0 ? minutes(20 + i / 10 % 20) : minutes(0));
  EXPECT_GE(tail.plan()->keep_until, minutes(30));
}

TEST(IdleTimes, KeepsTheMinutesThatPay) {
  IdleTimes bursts;  // of twenty calls, and two hours and a half later the next
  for (int i = 0; i < 12; ++i) {
    for (int j = 0; j < 19; ++j) bursts.record(seconds(5));
    bursts.record(minutes(150));
  }
  EXPECT_EQ(bursts.plan(0)->keep_until, Millis(minutes(151)) * 11 / 10);
  EXPECT_EQ(bursts.plan(60)->keep_until, seconds(66));
  EXPECT_EQ(bursts.plan(60)->pre_warm_after, Millis(0));
  EXPECT_EQ(bursts.plan(200)->keep_until, Millis(minutes(151)) * 11 / 10);
}

TEST(IdleTimes, WherePatternsCostMoreThanTheySaveThereIsNoPlan) {
  IdleTimes rare;
  for (int i = 1; i <= 24; ++i) {
    rare.record(minutes(9 * i));
    if (i > 2) rare.record(hours(6));
  }
  EXPECT_TRUE(rare.plan(0));
  EXPECT_FALSE(rare.plan(20));
}

TEST(IdleTimes, WhateverComesThePlanIsWithinBounds) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 300; ++round) {
    IdleTimes some;
    const auto scale = std::uint64_t{1} << (random() % 40);
    for (int i = 0; i < 400; ++i) {
      some.record(Millis(static_cast<std::int64_t>(random() % scale) - 1000));
      const auto plan = some.plan(static_cast<int>(round % 100));
      if (!plan) continue;
      ASSERT_GE(plan->pre_warm_after, Millis(0));
      ASSERT_GT(plan->keep_until, plan->pre_warm_after);
      ASSERT_LE(plan->keep_until, hours(24 * 60));
    }
  }
}

TEST(IdleTimes, TakeAFewHundredBytes) { EXPECT_LE(sizeof(IdleTimes), 256u); }

class KeepAliveTest : public ::testing::Test {
 protected:
  void call(const std::string& name, Millis after, Millis lasts = seconds(1)) {
    now_ += after;
    policy_.began(key(name), now_);
    now_ += lasts;
    policy_.ended(key(name), now_);
  }
  bool ends(const std::string& name, Millis after) {
    return policy_.should_end(key(name), *policy_.idle_since(key(name)), now_ + after);
  }
  KeepAlive policy_{{.fixed = {}, .unknown = kUnknown}};
  SteadyTime now_{hours(1000)};
};

TEST_F(KeepAliveTest, AFixedTimeIsThatAndLearnsNothing) {
  KeepAlive fixed({.fixed = seconds(7), .unknown = kUnknown});
  for (int i = 0; i < 20; ++i) {
    fixed.began(key("f"), now_ + minutes(30) * i);
    fixed.ended(key("f"), now_ + minutes(30) * i);
  }
  EXPECT_EQ(fixed.plan(key("f")), (KeepAlivePlan{Millis(0), seconds(7)}));
  EXPECT_FALSE(fixed.should_end(key("f"), now_, now_ + Millis(6999)));
  EXPECT_TRUE(fixed.should_end(key("f"), now_, now_ + seconds(7)));
  EXPECT_EQ(fixed.size(), 0u);
}

TEST_F(KeepAliveTest, AnUnknownFunctionHasTheDefault) {
  call("f", Millis(0));
  EXPECT_FALSE(ends("f", kUnknown - Millis(1)));
  EXPECT_TRUE(ends("f", kUnknown));
  EXPECT_TRUE(policy_.due(now_ + hours(5)).empty());
}

TEST_F(KeepAliveTest, APeriodicFunctionEndsAndIsStartedAhead) {
  for (int i = 0; i < 6; ++i) call("f", minutes(30));
  EXPECT_TRUE(ends("f", seconds(1)));
  EXPECT_TRUE(policy_.due(now_ + minutes(26)).empty());
  EXPECT_EQ(policy_.due(now_ + minutes(27)), std::vector{key("f")});
  EXPECT_TRUE(policy_.due(now_ + minutes(28)).empty()) << "told once";
  const auto started = now_ + minutes(27);
  EXPECT_FALSE(policy_.should_end(key("f"), started, now_ + minutes(33)));
  EXPECT_TRUE(policy_.should_end(key("f"), started, now_ + minutes(35))) << "nobody came";
}

TEST_F(KeepAliveTest, AnInvocationTakesBackWhatWasToBeStarted) {
  for (int i = 0; i < 6; ++i) call("f", minutes(30));
  EXPECT_TRUE(ends("f", seconds(1)));
  policy_.began(key("f"), now_ + minutes(1));
  EXPECT_TRUE(policy_.due(now_ + minutes(28)).empty());
}

TEST_F(KeepAliveTest, InvocationsAtOnceAreOneArrival) {
  for (int i = 0; i < 6; ++i) {
    now_ += minutes(30);
    for (int j = 0; j < 100; ++j) policy_.began(key("f"), now_);
    EXPECT_FALSE(policy_.idle_since(key("f")));
    for (int j = 0; j < 100; ++j) policy_.ended(key("f"), now_);
  }
  EXPECT_EQ(policy_.plan(key("f")).pre_warm_after, minutes(27));
}

TEST_F(KeepAliveTest, WhileOneRunsAnotherStaysForItsOwnTime) {
  for (int i = 0; i < 6; ++i) call("f", minutes(30));
  policy_.began(key("f"), now_);
  EXPECT_FALSE(policy_.should_end(key("f"), now_, now_ + minutes(10)));
  EXPECT_TRUE(policy_.should_end(key("f"), now_, now_ + minutes(35)));
}

TEST_F(KeepAliveTest, ForgetsTheOldAndTheGone) {
  for (int i = 0; i < 300; ++i) call(fmt::format("f{}", i), seconds(1));
  policy_.forget(key("f7"));
  EXPECT_EQ(policy_.size(), 299u);
  for (int i = 0; i < 10; ++i) (void)policy_.due(now_ + hours(24));
  EXPECT_EQ(policy_.size(), 299u);
  for (int i = 0; i < 10; ++i) (void)policy_.due(now_ + KeepAlive::kForgetAfter + hours(1));
  EXPECT_EQ(policy_.size(), 0u);
  policy_.ended(key("f1"), now_);  // one that ran all the while
}

TEST_F(KeepAliveTest, HoldsNoMoreFunctionsThanItMay) {
  for (std::size_t i = 0; i < KeepAlive::kMaxFunctions + 10; ++i) call(fmt::format("f{}", i), Millis(0), Millis(0));
  EXPECT_EQ(policy_.size(), KeepAlive::kMaxFunctions);
  EXPECT_EQ(policy_.plan(key(fmt::format("f{}", KeepAlive::kMaxFunctions + 1))).keep_until, kUnknown);
}

}  // namespace
}  // namespace gust::functions
