#include "metrics/embedded.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace gust::metrics {
namespace {

const WallTime kNow = from_epoch_ms(1'700'000'000'000);

Result<std::vector<Sample>> read(std::string_view message) { return read_embedded(AccountId("1"), message, kNow); }

std::string event(std::string_view directive, std::string_view members) {
  return fmt::format(R"({{"_aws":{{"Timestamp":1699999999000,"CloudWatchMetrics":[{}]}},{}}})", directive, members);
}

TEST(EmbeddedTest, EachSetOfDimensionsHasEachMetric) {
  const auto samples = read(event(
      R"({"Namespace":"app","Dimensions":[["service"],["service","stage"]],"Metrics":[
          {"Name":"time","Unit":"Milliseconds","StorageResolution":1},{"Name":"count"},{"Name":"absent"}]})",
      R"("service":"pay","stage":"prod","time":[1,2,3.5],"count":7,"requestId":"x")"));
  ASSERT_TRUE(samples) << samples.error().message;
  ASSERT_EQ(samples->size(), 4U);
  const auto& time = (*samples)[0];
  EXPECT_EQ(time.metric, (MetricKey{AccountId("1"), "app", "time", {{"service", "pay"}}}));
  EXPECT_EQ(unit_name(time.unit), "Milliseconds");
  EXPECT_EQ(time.resolution, Resolution::kSecond);
  EXPECT_EQ(time.at, from_epoch_ms(1'699'999'999'000));
  EXPECT_EQ(time.summary.count, 3);
  EXPECT_EQ(time.summary.sum, 6.5);
  EXPECT_EQ((*samples)[1].metric.dimensions, (Dimensions{{"service", "pay"}, {"stage", "prod"}}));
  EXPECT_EQ((*samples)[2].metric.name, "count");
  EXPECT_EQ((*samples)[2].unit, kNoUnit);
  EXPECT_EQ((*samples)[2].resolution, Resolution::kMinute);
}

TEST(EmbeddedTest, WithoutDimensions) {
  const auto samples = read(event(R"({"Namespace":"app","Metrics":[{"Name":"n"}]})", R"("n":1)") + "\n");
  ASSERT_TRUE(samples) << samples.error().message;
  ASSERT_EQ(samples->size(), 1U);
  EXPECT_TRUE(samples->front().metric.dimensions.empty());
}

TEST(EmbeddedTest, OtherEventsHaveNone) {
  for (const auto* other : {"plain text", "{\"a\":1}", "{\"note\":\"\\\"CloudWatchMetrics\\\"\"}",
                            "{\"x\":{\"CloudWatchMetrics\":[]}}", "{\"_aws\":1,\"CloudWatchMetrics\":[]}"}) {
    const auto samples = read(other);
    ASSERT_TRUE(samples) << other;
    EXPECT_TRUE(samples->empty()) << other;
  }
}

TEST(EmbeddedTest, WhatIsAgainstTheFormatIsRefusedWhole) {
  const std::string many = fmt::format("{}", fmt::join(std::vector<int>(101, 1), ","));
  const std::string cases[] = {
      "{\"CloudWatchMetrics\"",
      event(R"({"Metrics":[{"Name":"n"}]})", R"("n":1)"),
      event(R"({"Namespace":"app"})", R"("n":1)"),
      event(R"({"Namespace":"app","Metrics":[{"Name":"n"}]})", R"("n":"1")"),
      event(R"({"Namespace":"app","Metrics":[{"Name":"n","Unit":"Parsecs"}]})", R"("n":1)"),
      event(R"({"Namespace":"app","Metrics":[{"Name":"n","StorageResolution":5}]})", R"("n":1)"),
      event(R"({"Namespace":"app","Dimensions":[["d"]],"Metrics":[{"Name":"n"}]})", R"("n":1)"),
      event(R"({"Namespace":"app","Dimensions":[["d"]],"Metrics":[{"Name":"n"}]})", R"("n":1,"d":5)"),
      event(R"({"Namespace":"app","Dimensions":["d"],"Metrics":[{"Name":"n"}]})", R"("n":1,"d":"x")"),
      event(R"({"Namespace":":app","Metrics":[{"Name":"n"}]})", R"("n":1)"),
      event(R"({"Namespace":"app","Metrics":[{"Name":"n"}]})", "\"n\":[" + many + "]"),
      R"({"_aws":{"Timestamp":1,"CloudWatchMetrics":[]}})",
      R"({"_aws":{"Timestamp":"now","CloudWatchMetrics":[]}})",
      R"({"_aws":{"CloudWatchMetrics":{}}})"};
  for (const auto& wrong : cases) EXPECT_EQ(read(wrong).error().code, Code::kInvalid) << wrong;
}

}  // namespace
}  // namespace gust::metrics
