#include "telemetry/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gust::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Metrics, TextHasWhatWasCounted) {
  Metrics metrics;
  auto some = metrics.counter("gust_things_total", "Things.", {{"kind", "some"}});
  auto others = metrics.counter("gust_things_total", "Things.", {{"kind", "others"}});
  some.add();
  some.add();
  others.add();
  EXPECT_EQ(some.value(), 2u);
  const auto text = metrics.text({});
  EXPECT_THAT(text, HasSubstr("# HELP gust_things_total Things.\n# TYPE gust_things_total counter\n"));
  EXPECT_THAT(text, HasSubstr("gust_things_total{kind=\"some\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gust_things_total{kind=\"others\"} 1\n"));
}

TEST(Metrics, TheSameLabelsAreTheSameCounter) {
  Metrics metrics;
  metrics.counter("gust_things_total", "Things.", {{"kind", "some"}}).add();
  metrics.counter("gust_things_total", "Things.", {{"kind", "some"}}).add();
  EXPECT_EQ(metrics.counter("gust_things_total", "Things.", {{"kind", "some"}}).value(), 2u);
}

TEST(Metrics, ReadingsAreAddedAndNotKept) {
  Metrics metrics;
  const Reading rooms{"gust_rooms", "Rooms.", Reading::Kind::kGauge, {{{{"floor", "a \"b\""}}, 2.5}}};
  const Reading doors{"gust_doors_total", "Doors.", Reading::Kind::kCounter, {{{}, 3}}};
  const auto text = metrics.text({rooms, doors});
  EXPECT_THAT(text, HasSubstr("# TYPE gust_rooms gauge\ngust_rooms{floor=\"a \\\"b\\\"\"} 2.5\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE gust_doors_total counter\ngust_doors_total 3\n"));
  EXPECT_THAT(metrics.text({}), Not(HasSubstr("gust_rooms")));
}

TEST(Metrics, HistogramsAreCumulative) {
  Metrics metrics;
  auto seconds = metrics.histogram("gust_wait_seconds", "Waits.", {}, {0.1, 1});
  for (const double value : {0.05, 0.1, 0.5, 7.0}) seconds.observe(value);
  EXPECT_EQ(seconds.count(), 4u);
  const auto text = metrics.text({});
  EXPECT_THAT(text, HasSubstr("gust_wait_seconds_count 4\n"));
  EXPECT_THAT(text, HasSubstr("gust_wait_seconds_bucket{le=\"0.1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("gust_wait_seconds_bucket{le=\"1\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("gust_wait_seconds_bucket{le=\"+Inf\"} 4\n"));
}

TEST(Metrics, QuantilesLieWithinTheirBucket) {
  Metrics metrics;
  auto seconds = metrics.histogram("gust_wait_seconds", "Waits.", {}, {1, 2, 4});
  EXPECT_EQ(seconds.quantile(0.5), 0);
  for (int i = 0; i < 98; ++i) seconds.observe(1.5);
  seconds.observe(3);
  seconds.observe(100);
  EXPECT_NEAR(seconds.quantile(0.49), 1.5, 1e-9);  // the middle of the 98
  EXPECT_NEAR(seconds.quantile(0.99), 4, 1e-9);
  EXPECT_EQ(seconds.quantile(1), 4) << "of what is above the last bound only that is known";
}

}  // namespace
}  // namespace gust::telemetry
