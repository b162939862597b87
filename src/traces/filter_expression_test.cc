#include "traces/filter_expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gust::traces {
namespace {

using telemetry::SpanStatus;
using testing::ElementsAre;
using testing::IsEmpty;

Query read(std::string_view text) {
  Query out;
  const auto done = read_filter(text, out);
  EXPECT_TRUE(done) << text << ": " << done.error().message;
  return out;
}

TEST(FilterExpression, StatusesAreFiltersOfTheirOwn) {
  EXPECT_THAT(read("fault").having, ElementsAre(SpanStatus::kFault));
  EXPECT_THAT(read("error").having, ElementsAre(SpanStatus::kError));
  EXPECT_THAT(read("throttle").having, ElementsAre(SpanStatus::kThrottle));
  for (const std::string name : {"fault", "error", "throttle"}) {
    EXPECT_EQ(read(name + " = true").having, read(name).having);
    EXPECT_EQ(read(name + "=true").having, read(name).having);
    EXPECT_EQ(read(name + " != false").having, read(name).having);
    EXPECT_EQ(read(name + " = false").lacking, read(name).having);
    EXPECT_EQ(read(name + " != true").lacking, read(name).having);
    EXPECT_THAT(read(name + " = false").having, IsEmpty());
  }
  EXPECT_THAT(read("fault AND throttle = false").having, ElementsAre(SpanStatus::kFault));
  EXPECT_THAT(read("fault AND throttle = false").lacking, ElementsAre(SpanStatus::kThrottle));
}

TEST(FilterExpression, NamesAndDurations) {
  const auto query = read("  service(\"this AND that\") AND duration > 0.5 AND responsetime >= 2 ");
  EXPECT_EQ(query.named, "this AND that");
  EXPECT_EQ(query.slow_us, 2'000'000);
  EXPECT_EQ(read("").named, "");
}

TEST(FilterExpression, AnythingElseIsRefused) {
  for (const auto* text : {"what is this", "fault = 1", "faulty", "fault =", "fault ! true", "service(crit)",
                           "duration > x", "duration < 1", "duration > ", "fault OR error"}) {
    Query query;
    const auto done = read_filter(text, query);
    ASSERT_FALSE(done) << text;
    EXPECT_EQ(done.error().code, Code::kInvalid) << text;
  }
}

}  // namespace
}  // namespace gust::traces
