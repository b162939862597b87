#include "meter/recent.h"

#include "async/testing.h"

#include <gtest/gtest.h>

namespace gust::meter {
namespace {

class Counter final : public Sink {
 public:
  async::Task<void> append(Record) override {
    ++records;
    co_return Result<void>{};
  }
  int records = 0;
};

class RecentTest : public ::testing::Test {
 protected:
  void add(std::uint64_t duration_us, std::string error = {}, std::string function = "f", std::string account = "1") {
    Record record;
    record.account = AccountId(account);
    record.function = std::move(function);
    record.start = "warm";
    record.duration_us = duration_us;
    record.cpu_us = 1000;
    record.peak_bytes = duration_us;
    record.error_type = std::move(error);
    EXPECT_TRUE(async::testing::run(loop_, [&] { return recent_.append(record); }));
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_{from_epoch_ms(1'700'000'000'000)};
  Counter next_;
  Recent recent_{next_, clock_};
};

TEST_F(RecentTest, TellsRateErrorsAndQuantiles) {
  for (int i = 0; i < 98; ++i) add(10'000);
  add(500'000, "E");
  add(500'000, "E");
  add(1, "", "g");
  add(1, "", "f", "2");
  EXPECT_EQ(next_.records, 102);
  const auto rows = recent_.rows(AccountId("1"));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].invocations, 100U);
  EXPECT_EQ(rows[0].errors, 2U);
  EXPECT_NEAR(rows[0].p50_ms, 10, 1);
  EXPECT_NEAR(rows[0].p99_ms, 500, 50);
  EXPECT_NEAR(rows[0].rate, 20, 1e-6);
  EXPECT_EQ(rows[0].peak_bytes, 500'000U);
  EXPECT_LE(rows[1].p99_ms, 0.05);
}

TEST_F(RecentTest, AMinuteLaterItIsForgotten) {
  add(10);
  clock_.advance(Millis(30'000));
  EXPECT_EQ(recent_.rows(AccountId("1")).at(0).rate, 0);
  EXPECT_EQ(recent_.rows(AccountId("1")).at(0).invocations, 1U);
  clock_.advance(Millis(30'001));
  EXPECT_TRUE(recent_.rows(AccountId("1")).empty());
}

}  // namespace
}  // namespace gust::meter
