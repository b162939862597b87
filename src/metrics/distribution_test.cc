// Percentiles against the sorted values themselves, and what a row of them keeps.
#include "metrics/distribution.h"

#include "metrics/statistic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace gust::metrics {
namespace {

double rank(std::vector<double> values, double share) {
  std::ranges::sort(values);
  const auto n = static_cast<double>(values.size());
  const auto at = static_cast<std::size_t>(std::max(std::ceil(n * share - 1e-9), 1.0)) - 1;
  return values[std::min(at, values.size() - 1)];
}

TEST(DistributionTest, FewValuesAreExact) {
  Distribution all;
  std::vector<double> values;
  for (int i = 0; i < 400; ++i) {
    values.push_back(std::sin(i) * 1000);
    all.add(values.back());
  }
  EXPECT_EQ(all.level(), Distribution::kExact);
  for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0})
    EXPECT_EQ(all.quantile(share), rank(values, share)) << share;
}

TEST(DistributionTest, ManyValuesAreWithinTheStatedError) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> times(3, 0.6);  // some 8 octaves, as durations are
  Distribution all;
  std::vector<double> values;
  for (int i = 0; i < 50'000; ++i) {
    values.push_back(times(random));
    all.add(values.back());
  }
  EXPECT_LE(all.values().size(), Distribution::kMost);
  EXPECT_LE(all.level(), 1);
  for (const double share : {0.001, 0.01, 0.5, 0.9, 0.95, 0.99, 0.999})
    EXPECT_NEAR(all.quantile(share) / rank(values, share), 1, 0.011) << share;
}

TEST(DistributionTest, AnyRangeOfValuesHasRoom) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> exponents(-300, 300);
  Distribution all;
  for (int i = 0; i < 20'000; ++i) all.add(std::exp2(exponents(random)) * (i % 2 == 0 ? 1 : -1));
  all.add(0);
  EXPECT_LE(all.values().size(), Distribution::kMost);
  EXPECT_TRUE(std::ranges::is_sorted(all.values()));
  double counted = 0;
  for (const auto& [value, count] : all.values()) counted += count;
  EXPECT_EQ(counted, 20'001);
}

TEST(DistributionTest, MergedIsAsIfAddedToOne) {
  std::mt19937_64 random(9);
  std::lognormal_distribution<double> times(2, 0.5);
  Distribution one, left, right;
  for (int i = 0; i < 10'000; ++i) {
    const auto value = times(random);
    one.add(value);
    (i % 3 == 0 ? left : right).add(value);
  }
  left.merge(right);
  for (const double share : {0.1, 0.5, 0.99}) EXPECT_NEAR(left.quantile(share) / one.quantile(share), 1, 0.011);
}

TEST(DistributionTest, CountsWeigh) {
  Distribution all;
  all.add(10, 1);
  all.add(1, 98);
  all.add(5, 1);
  EXPECT_EQ(all.quantile(0.98), 1);
  EXPECT_EQ(all.quantile(0.99), 5);
  EXPECT_EQ(all.quantile(1), 10);
  EXPECT_NEAR(all.mean_between(0, 0.99), (98 + 5) / 99.0, 1e-9);
}

TEST(SummaryTest, ComesBackFromItsRow) {
  Summary before;
  for (int i = 1; i <= 2000; ++i) before.add(i * 0.37, i % 3 + 1);
  const auto after = decode_summary(encode(before));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->count, before.count);
  EXPECT_EQ(after->sum, before.sum);
  EXPECT_EQ(after->min, 0.37);
  EXPECT_EQ(after->max, 2000 * 0.37);
  EXPECT_EQ(after->values.level(), before.values.level());
  EXPECT_EQ(after->values.values(), before.values.values());
  const auto row = encode(before);
  for (const std::size_t size : {std::size_t{0}, std::size_t{10}, row.size() - 1})
    EXPECT_EQ(decode_summary(row.substr(0, size)).error().code, Code::kCorrupt) << size;
  EXPECT_FALSE(decode_summary(row + "x"));
}

TEST(SummaryTest, FractionsOfCountsStay) {
  Summary before;
  before.add(4, 2.5);
  const auto after = decode_summary(encode(before));
  ASSERT_TRUE(after);
  EXPECT_EQ(after->values.values().front().second, 2.5);
}

TEST(StatisticTest, NamesAndValues) {
  Summary all;
  for (int i = 1; i <= 100; ++i) all.add(i);
  const auto value = [&](const char* name) { return value_of(*parse_statistic(name), all); };
  EXPECT_EQ(value("SampleCount"), 100);
  EXPECT_EQ(value("Average"), 50.5);
  EXPECT_EQ(value("Sum"), 5050);
  EXPECT_EQ(value("Minimum"), 1);
  EXPECT_EQ(value("Maximum"), 100);
  EXPECT_EQ(value("p99"), 99);
  EXPECT_EQ(value("p99.5"), 100);
  EXPECT_EQ(value("p0"), 1);
  EXPECT_EQ(value("p100"), 100);
  EXPECT_NEAR(*value("tm50"), 25.5, 1e-9);
  for (const auto* wrong : {"", "p", "p101", "p-1", "average", "px", "p1e1"})
    EXPECT_EQ(parse_statistic(wrong).error().code, Code::kInvalid) << wrong;
  for (const auto* unserved : {"IQM", "TM(10%:90%)", "PR(:300)", "wm98"})
    EXPECT_EQ(parse_statistic(unserved).error().code, Code::kUnsupported) << unserved;
}

TEST(StatisticTest, PercentilesOfASetOnlyWhereItSaysThem) {
  Summary set;
  set.add_set(10, 50, 5, 5);
  EXPECT_EQ(value_of(*parse_statistic("p50"), set), 5);
  set.add_set(2, 9, 1, 8);
  EXPECT_EQ(value_of(*parse_statistic("p50"), set), std::nullopt);
  EXPECT_EQ(value_of(*parse_statistic("Maximum"), set), 8);
}

}  // namespace
}  // namespace gust::metrics
