#include "traces/segment_documents.h"

#include "traces/testing.h"

#include <gtest/gtest.h>

namespace gust::traces {
namespace {

constexpr const char* kWhole = R"({"name":"shop","id":"70de5b6f19ff9a0a","start_time":1478293361.271,
  "end_time":1478293361.449,"trace_id":"1-581cf771-a006649127e371903a2de979","annotations":{"customer":7},
  "http":{"request":{"method":"POST","url":"https://shop/buy"},"response":{"status":200}},
  "subsegments":[{"name":"pay","id":"53995c3f42cd8ad8","start_time":1478293361.3,"end_time":1478293361.4,"fault":true,
    "cause":{"exceptions":[{"type":"ValueError","message":"no money"}]},
    "subsegments":[{"name":"ask","id":"6b55dcc497934f1a","start_time":1478293361.31,"in_progress":true}]}]})";

TEST(SegmentDocuments, ASegmentAndWhatIsBelowIt) {
  const auto spans = read_segment(kWhole);
  ASSERT_TRUE(spans) << spans.error().message;
  ASSERT_EQ(spans->size(), 2u);  // what goes on is not told yet
  const auto& shop = spans->at(0);
  const auto& pay = spans->at(1);
  EXPECT_EQ(xray_id(shop.trace), "1-581cf771-a006649127e371903a2de979");
  EXPECT_EQ(shop.name, "shop");
  EXPECT_EQ(shop.parent, 0u);
  EXPECT_EQ(shop.start_us / 1000, 1'478'293'361'271);
  EXPECT_NEAR(static_cast<double>(shop.duration_us), 178'000, 2);
  EXPECT_EQ(shop.attributes.size(), 4u);
  EXPECT_EQ(pay.parent, shop.id);
  EXPECT_EQ(pay.service, "shop");
  EXPECT_EQ(pay.status, telemetry::SpanStatus::kFault);
  EXPECT_EQ(pay.error, "ValueError: no money");
}

TEST(SegmentDocuments, WrongOnesSayWhy) {
  const auto code = [](std::string_view document) {
    const auto spans = read_segment(document);
    return spans ? std::string() : spans.error().source;
  };
  EXPECT_EQ(code("{"), "ParseError");
  EXPECT_EQ(code("[]"), "ParseError");
  EXPECT_EQ(code(R"({"id":"70de5b6f19ff9a0a","name":"a"})"), "MissingTraceId");
  EXPECT_EQ(code(R"({"trace_id":"1-2-3","id":"70de5b6f19ff9a0a","name":"a"})"), "InvalidTraceId");
  const std::string trace = R"({"trace_id":"1-581cf771-a006649127e371903a2de979",)";
  EXPECT_EQ(code(trace + R"("name":"a"})"), "MissingId");
  EXPECT_EQ(code(trace + R"("id":"x","name":"a"})"), "InvalidId");
  EXPECT_EQ(code(trace + R"("id":"70de5b6f19ff9a0a"})"), "MissingName");
  EXPECT_EQ(code(trace + R"("id":"70de5b6f19ff9a0a","name":"a"})"), "MissingStartTime");
  EXPECT_EQ(code(trace + R"("id":"70de5b6f19ff9a0a","name":"a","start_time":1})"), "MissingEndTime");
  EXPECT_EQ(code(trace + R"("id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2,"type":"subsegment"})"),
            "MissingParentId");
  EXPECT_EQ(code(trace + R"("id":"70de5b6f19ff9a0a","name":"a","start_time":1,"end_time":2})"), "");
  EXPECT_EQ(code(std::string(kMostSegmentBytes + 1, ' ')), "SizeLimitExceeded");
}

TEST(SegmentDocuments, WhatIsWrittenIsReadAsTheSame) {
  auto span = span_for_test(4, 1);
  span.status = telemetry::SpanStatus::kThrottle;
  const auto spans = read_segment(write_segment(span));
  ASSERT_TRUE(spans) << spans.error().message;
  ASSERT_EQ(spans->size(), 1u);
  EXPECT_EQ(spans->front().trace, span.trace);
  EXPECT_EQ(spans->front().id, span.id);
  EXPECT_EQ(spans->front().parent, span.parent);
  EXPECT_EQ(spans->front().status, span.status);
  EXPECT_NEAR(static_cast<double>(spans->front().start_us), static_cast<double>(span.start_us), 2);
}

}  // namespace
}  // namespace gust::traces
