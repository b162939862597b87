#include "traces/otlp.h"

#include "traces/testing.h"

#include <gtest/gtest.h>

namespace gust::traces {
namespace {

TEST(Otlp, ProtobufAndBack) {
  auto failed = span_for_test(2, 1);
  failed.status = telemetry::SpanStatus::kFault;
  failed.error = "ValueError: no";
  const auto spans = read_otlp(write_otlp({span_for_test(1, 0), failed}), OtlpForm::kProtobuf);
  ASSERT_TRUE(spans) << spans.error().message;
  ASSERT_EQ(spans->size(), 2u);
  const auto& back = spans->at(0);  // services by name
  EXPECT_EQ(back.service, "gust/lambda");
  EXPECT_EQ(back.trace, failed.trace);
  EXPECT_EQ(back.id, failed.id);
  EXPECT_EQ(back.parent, failed.parent);
  EXPECT_EQ(back.name, "thumbs");
  EXPECT_EQ(back.start_us, failed.start_us);
  EXPECT_EQ(back.duration_us, failed.duration_us);
  EXPECT_EQ(back.status, telemetry::SpanStatus::kFault);
  EXPECT_EQ(back.error, "ValueError: no");
  EXPECT_EQ(back.kind, telemetry::SpanKind::kCustom);
  EXPECT_EQ(back.attributes[0], std::pair(std::string("gust.kind"), std::string("handler")));
  EXPECT_EQ(spans->at(1).parent, 0u);
}

// The example of the specification, opentelemetry-proto/examples/trace.json, in our words.
TEST(Otlp, Json) {
  const auto spans = read_otlp(R"({"resourceSpans":[{
    "resource":{"attributes":[{"key":"service.name","value":{"stringValue":"my.service"}}]},
    "scopeSpans":[{"scope":{"name":"lib"},"spans":[{
      "traceId":"5B8EFFF798038103D269B633813FC60C","spanId":"EEE19B7EC3C1B174","parentSpanId":"EEE19B7EC3C1B173",
      "name":"a span","startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","kind":2,
      "attributes":[{"key":"a","value":{"stringValue":"b"}},{"key":"n","value":{"intValue":"7"}},
                    {"key":"yes","value":{"boolValue":true}}],
      "status":{"code":2,"message":"it broke"}},
      {"traceId":"no","spanId":"EEE19B7EC3C1B174","name":"left out"}]}]}]})",
                               OtlpForm::kJson);
  ASSERT_TRUE(spans) << spans.error().message;
  ASSERT_EQ(spans->size(), 1u);
  const auto& span = spans->front();
  EXPECT_EQ(xray_id(span.trace), "1-5b8efff7-98038103d269b633813fc60c");
  EXPECT_EQ(span_text(span.id), "eee19b7ec3c1b174");
  EXPECT_EQ(span_text(span.parent), "eee19b7ec3c1b173");
  EXPECT_EQ(span.service, "my.service");
  EXPECT_EQ(span.start_us, 1'544'712'660'000'000);
  EXPECT_EQ(span.duration_us, 1'000'000);
  EXPECT_EQ(span.status, telemetry::SpanStatus::kFault);
  EXPECT_EQ(span.error, "it broke");
  using Attributes = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(span.attributes, (Attributes{{"a", "b"}, {"n", "7"}, {"yes", "true"}}));
}

TEST(Otlp, WhatIsNotOfTheForm) {
  EXPECT_FALSE(read_otlp("{", OtlpForm::kJson));
  EXPECT_FALSE(read_otlp("[]", OtlpForm::kJson));
  EXPECT_FALSE(read_otlp("\x0a\xff", OtlpForm::kProtobuf));
  EXPECT_TRUE(read_otlp("", OtlpForm::kProtobuf)->empty());
  EXPECT_TRUE(read_otlp("{}", OtlpForm::kJson)->empty());
}

}  // namespace
}  // namespace gust::traces
