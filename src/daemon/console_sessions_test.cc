#include "daemon/console_sessions.h"

#include <gtest/gtest.h>

namespace gust::daemon {
namespace {

class ConsoleSessionsTest : public testing::Test {
 protected:
  static Principal one(std::string account = "000000000000") {
    return {AccountId(account), "AKIA", "arn:aws:iam::" + account + ":root", "c"};
  }
  env::FakeClock clock_;
  env::SeededRandom random_{5};
  ConsoleSessions sessions_{random_, clock_};
};

TEST_F(ConsoleSessionsTest, IsFoundByItsTokenUntilItIsClosed) {
  const auto opened = sessions_.open(one());
  EXPECT_EQ(opened.token.size(), 64u);
  EXPECT_EQ(opened.session.csrf.size(), 64u);
  EXPECT_NE(opened.token, opened.session.csrf);
  const auto found = sessions_.find(opened.token);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->principal.arn, one().arn);
  EXPECT_EQ(found->csrf, opened.session.csrf);
  EXPECT_FALSE(sessions_.find(opened.session.csrf));
  EXPECT_FALSE(sessions_.find(""));
  sessions_.close(opened.token);
  EXPECT_FALSE(sessions_.find(opened.token));
}

TEST_F(ConsoleSessionsTest, EndsWhenIdleAndAtItsAge) {
  const auto idle = sessions_.open(one());
  clock_.advance(ConsoleSessions::kIdle - Millis(1));
  EXPECT_TRUE(sessions_.find(idle.token));  // which is a use
  clock_.advance(ConsoleSessions::kIdle - Millis(1));
  EXPECT_TRUE(sessions_.find(idle.token));
  clock_.advance(ConsoleSessions::kIdle);
  EXPECT_FALSE(sessions_.find(idle.token));

  const auto busy = sessions_.open(one());
  for (Millis age{0}; age < ConsoleSessions::kLife; age += ConsoleSessions::kIdle / 2) {
    EXPECT_TRUE(sessions_.find(busy.token));
    clock_.advance(ConsoleSessions::kIdle / 2);
  }
  EXPECT_FALSE(sessions_.find(busy.token));
}

TEST_F(ConsoleSessionsTest, TheLeastUsedGoesWhenThereAreTooMany) {
  const auto first = sessions_.open(one());
  clock_.advance(Millis(1));
  const auto second = sessions_.open(one());
  clock_.advance(Millis(1));
  EXPECT_TRUE(sessions_.find(first.token));
  clock_.advance(Millis(1));
  for (std::size_t i = 2; i <= ConsoleSessions::kMost; ++i) sessions_.open(one());
  EXPECT_TRUE(sessions_.find(first.token));
  EXPECT_FALSE(sessions_.find(second.token));
}

TEST_F(ConsoleSessionsTest, ALinkSignsInOnceAndForAMinute) {
  const auto link = sessions_.make_link(one("111122223333"));
  EXPECT_FALSE(sessions_.find(link));  // it is no session
  const auto taken = sessions_.take_link(link);
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->account.str(), "111122223333");
  EXPECT_FALSE(sessions_.take_link(link));
  const auto late = sessions_.make_link(one());
  clock_.advance(ConsoleSessions::kLinkLife);
  EXPECT_FALSE(sessions_.take_link(late));
}

TEST(FailedSignIns, WaitLongerAndLonger) {
  env::FakeClock clock;
  FailedSignIns failed(clock);
  for (int i = 0; i < FailedSignIns::kFree; ++i) {
    EXPECT_EQ(failed.wait("a"), Millis(0));
    failed.failed("a");
  }
  EXPECT_EQ(failed.wait("a"), Millis(1000));
  EXPECT_EQ(failed.wait("b"), Millis(0));
  clock.advance(Millis(400));
  EXPECT_EQ(failed.wait("a"), Millis(600));
  failed.failed("a");
  EXPECT_EQ(failed.wait("a"), Millis(2000));
  for (int i = 0; i < 100; ++i) failed.failed("a");
  EXPECT_EQ(failed.wait("a"), FailedSignIns::kMostWait);
  failed.succeeded("a");
  EXPECT_EQ(failed.wait("a"), Millis(0));
}

TEST(FailedSignIns, AreForgottenAndBounded) {
  env::FakeClock clock;
  FailedSignIns failed(clock);
  for (int i = 0; i < 20; ++i) failed.failed("a");
  clock.advance(FailedSignIns::kForgotten);
  failed.failed("a");
  EXPECT_EQ(failed.wait("a"), Millis(0));  // it begins anew
  for (int i = 0; i < 20; ++i) failed.failed("old");
  clock.advance(Millis(1));
  for (std::size_t i = 0; i < FailedSignIns::kMost; ++i) failed.failed("peer " + std::to_string(i));
  EXPECT_EQ(failed.wait("old"), Millis(0));
}

}  // namespace
}  // namespace gust::daemon
