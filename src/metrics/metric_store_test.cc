#include "metrics/metric_store.h"

#include "async/testing.h"
#include "kv/memory/memory_store.h"
#include "metrics/statistic.h"

#include <gtest/gtest.h>

namespace gust::metrics {
namespace {

constexpr std::int64_t kNow_s = 1'700'000'040;  // a whole minute

class MetricStoreTest : public ::testing::Test {
 protected:
  template <typename F>
  auto run(F make) {
    return async::testing::run(loop_, std::move(make));
  }
  MetricStoreTest() { reopen(); }
  ~MetricStoreTest() override { close(); }
  void close() {
    EXPECT_TRUE(run([&] { return metrics_->stop(); }));
    metrics_.reset();
  }
  void reopen(MetricStore::Limits limits = {}) {
    if (metrics_) close();
    metrics_.emplace(loop_.get_executor(), store_, clock_, limits);
    EXPECT_TRUE(run([&] { return metrics_->open(); }));
  }
  static MetricKey metric(std::string name, Dimensions dimensions = {}) {
    return {AccountId("1"), "app", std::move(name), std::move(dimensions)};
  }
  static Sample sample(const MetricKey& key, double value, std::int64_t at_s,
                       Resolution resolution = Resolution::kMinute) {
    Sample out{key, kNoUnit, from_epoch_ms(at_s * 1000), resolution, {}};
    out.summary.add(value);
    return out;
  }
  Result<void> put(std::vector<Sample> samples) {
    return run([&] { return metrics_->put(std::move(samples)); });
  }
  std::vector<FoundPiece> read(const MetricKey& key, std::int64_t from_s, std::int64_t to_s, std::int64_t period_s) {
    auto found = run([&] { return metrics_->read({key, std::nullopt, from_s, to_s, period_s}); });
    EXPECT_TRUE(found);
    return found.value_or(std::vector<FoundPiece>());
  }
  std::vector<std::string> names(const AccountId& account = AccountId("1")) {
    std::vector<std::string> out;
    for (const auto& key :
         metrics_->list(account, std::nullopt, from_epoch_ms(0), 100, [](const MetricKey&) { return true; }))
      out.push_back(key.name);
    return out;
  }
  std::size_t rows() {
    auto found = run([&] { return store_.scan(kv::Range::prefix("metrics/", 100'000)); });
    return found ? found->size() : 0;
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_{from_epoch_ms(kNow_s * 1000)};
  kv::MemoryStore store_;
  std::optional<MetricStore> metrics_;
};

TEST_F(MetricStoreTest, ValuesAddUpInTheirPieces) {
  const auto key = metric("time", {{"stage", "prod"}});
  EXPECT_TRUE(put({sample(key, 1, kNow_s), sample(key, 3, kNow_s + 59), sample(key, 10, kNow_s + 60)}));
  EXPECT_TRUE(put({sample(key, 2, kNow_s + 1), sample(metric("other"), 9, kNow_s)}));
  const auto minutes = read(key, kNow_s, kNow_s + 120, 60);
  ASSERT_EQ(minutes.size(), 2U);
  EXPECT_EQ(minutes[0].start_s, kNow_s);
  EXPECT_EQ(minutes[0].summary.count, 3);
  EXPECT_EQ(minutes[0].summary.sum, 6);
  EXPECT_EQ(minutes[0].summary.max, 3);
  EXPECT_EQ(minutes[1].summary.sum, 10);
  const auto both = read(key, kNow_s, kNow_s + 120, 120);
  ASSERT_EQ(both.size(), 1U);
  EXPECT_EQ(both[0].summary.count, 4);
  EXPECT_TRUE(read(key, kNow_s, kNow_s + 120, 10).empty());  // no seconds are kept of it
  EXPECT_TRUE(read(metric("time"), kNow_s, kNow_s + 120, 60).empty());
}

TEST_F(MetricStoreTest, EveryLevelSaysTheSame) {
  const auto key = metric("n");
  const auto hour = kNow_s - kNow_s % 3600;
  std::vector<Sample> samples;
  for (int i = 0; i < 600; ++i) samples.push_back(sample(key, i, hour + i * 17));
  EXPECT_TRUE(put(std::move(samples)));
  for (const std::int64_t period : {60, 300, 3600, 7200}) {
    double count = 0, sum = 0;
    for (const auto& piece : read(key, hour, hour + 3 * 3600, period)) {
      count += piece.summary.count;
      sum += piece.summary.sum;
      EXPECT_EQ((piece.start_s - hour) % period, 0);
    }
    EXPECT_EQ(count, 600) << period;
    EXPECT_EQ(sum, 599 * 300) << period;
  }
  const auto hours = read(key, hour, hour + 3 * 3600, 3600);
  ASSERT_EQ(hours.size(), 3U);
  EXPECT_NEAR(*value_of(*parse_statistic("p50"), hours[0].summary), 105, 1);
}

TEST_F(MetricStoreTest, SecondsAreKeptWhereTheyAreWanted) {
  const auto key = metric("fast");
  EXPECT_TRUE(put({sample(key, 1, kNow_s + 3, Resolution::kSecond), sample(key, 2, kNow_s + 14, Resolution::kSecond)}));
  const auto found = read(key, kNow_s, kNow_s + 60, 10);
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[1].start_s, kNow_s + 10);
  EXPECT_EQ(read(key, kNow_s, kNow_s + 60, 60).size(), 1U);
}

TEST_F(MetricStoreTest, UnitsStandApart) {
  const auto key = metric("size");
  auto bytes = sample(key, 5, kNow_s), none = sample(key, 7, kNow_s);
  bytes.unit = *parse_unit("Bytes");
  EXPECT_TRUE(put({bytes, none}));
  EXPECT_EQ(read(key, kNow_s, kNow_s + 60, 60).size(), 2U);
  const auto only = run([&] { return metrics_->read({key, bytes.unit, kNow_s, kNow_s + 60, 60}); });
  ASSERT_TRUE(only);
  ASSERT_EQ(only->size(), 1U);
  EXPECT_EQ(only->front().summary.sum, 5);
}

TEST_F(MetricStoreTest, IsThereAgainAfterAStart) {
  EXPECT_TRUE(put({sample(metric("a"), 1, kNow_s), sample(metric("b", {{"x", "y"}}), 2, kNow_s)}));
  reopen();
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(put({sample(metric("a"), 5, kNow_s), sample(metric("c"), 5, kNow_s)}));
  EXPECT_EQ(read(metric("a"), kNow_s, kNow_s + 60, 60).front().summary.sum, 6);
  EXPECT_EQ(read(metric("b", {{"x", "y"}}), kNow_s, kNow_s + 60, 60).front().summary.sum, 2);
  EXPECT_EQ(read(metric("c"), kNow_s, kNow_s + 60, 60).front().summary.sum, 5);
}

TEST_F(MetricStoreTest, WhatIsAddedIsWrittenSoon) {
  for (int i = 0; i < 100; ++i) metrics_->add({sample(metric("n"), 1, kNow_s)});
  EXPECT_TRUE(run([&] { return metrics_->flush(); }));
  EXPECT_EQ(read(metric("n"), kNow_s, kNow_s + 60, 60).front().summary.count, 100);
}

TEST_F(MetricStoreTest, TooManyMetricsAreRefusedWhole) {
  reopen({.metrics_of_account = 3, .waiting = 100});
  EXPECT_TRUE(put({sample(metric("a"), 1, kNow_s), sample(metric("b"), 1, kNow_s)}));
  const auto refused =
      put({sample(metric("a"), 1, kNow_s), sample(metric("c"), 1, kNow_s), sample(metric("d"), 1, kNow_s)});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().source, "limit");
  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(read(metric("a"), kNow_s, kNow_s + 60, 60).front().summary.count, 1);
  EXPECT_TRUE(put({sample(metric("c"), 1, kNow_s)}));
  std::vector<Sample> many(101, sample(metric("a"), 1, kNow_s));
  EXPECT_EQ(put(std::move(many)).error().code, Code::kThrottled);
}

TEST_F(MetricStoreTest, ListsAnAccountsOwnPageByPage) {
  auto foreign = sample(metric("z"), 1, kNow_s);
  foreign.metric.account = AccountId("2");
  EXPECT_TRUE(put({foreign}));
  EXPECT_TRUE(put({sample(metric("a"), 1, kNow_s), sample(metric("b"), 1, kNow_s), sample(metric("c"), 1, kNow_s)}));
  const auto all = [](const MetricKey&) { return true; };
  const auto first = metrics_->list(AccountId("1"), std::nullopt, from_epoch_ms(0), 2, all);
  ASSERT_EQ(first.size(), 2U);
  const auto rest = metrics_->list(AccountId("1"), first.back(), from_epoch_ms(0), 2, all);
  ASSERT_EQ(rest.size(), 1U);
  EXPECT_EQ(rest[0].name, "c");
  EXPECT_EQ(names(AccountId("2")), (std::vector<std::string>{"z"}));
  EXPECT_TRUE(metrics_->list(AccountId("1"), std::nullopt, clock_.now() + Millis(1), 9, all).empty());
}

TEST_F(MetricStoreTest, EachLevelIsKeptItsTime) {
  const auto key = metric("n");
  EXPECT_TRUE(put({sample(key, 1, kNow_s, Resolution::kSecond)}));
  EXPECT_EQ(rows(), 5U);  // the metric and four levels
  const auto hour = kNow_s - kNow_s % 3600;
  const auto seen = [&](std::int64_t period) { return read(key, hour, hour + 3600, period).size(); };
  clock_.advance(std::chrono::hours(5));
  EXPECT_TRUE(run([&] { return metrics_->tidy(); }));
  EXPECT_EQ(seen(1) + rows(), 0U + 4U);
  clock_.advance(std::chrono::days(17));
  EXPECT_EQ(seen(60), 0U);
  EXPECT_EQ(seen(300), 1U);
  EXPECT_TRUE(run([&] { return metrics_->tidy(); }));
  EXPECT_EQ(rows(), 3U);
  clock_.advance(std::chrono::days(55));
  EXPECT_TRUE(run([&] { return metrics_->tidy(); }));
  EXPECT_EQ(rows(), 2U);
  EXPECT_EQ(seen(3600), 1U);
  clock_.advance(std::chrono::days(430));
  EXPECT_TRUE(run([&] { return metrics_->tidy(); }));
  EXPECT_EQ(rows(), 0U);
  EXPECT_TRUE(names().empty());
}

}  // namespace
}  // namespace gust::metrics
