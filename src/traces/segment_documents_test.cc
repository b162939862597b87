#include "traces/segment_documents.h"

#include "codec/json.h"
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
  ASSERT_EQ(spans->size(), 3u);
  const auto& shop = spans->at(0);
  const auto& pay = spans->at(1);
  EXPECT_EQ(xray_id(shop.trace), "1-581cf771-a006649127e371903a2de979");
  EXPECT_EQ(shop.name, "shop");
  EXPECT_EQ(shop.parent, 0u);
  EXPECT_EQ(shop.start_us / 1000, 1'478'293'361'271);
  EXPECT_NEAR(static_cast<double>(shop.duration_us), 178'000, 2);
  EXPECT_EQ(shop.attributes.size(), 5u);  // the customer, three of http, and what is kept
  EXPECT_EQ(pay.parent, shop.id);
  EXPECT_EQ(pay.service, "shop");
  EXPECT_EQ(pay.status, telemetry::SpanStatus::kFault);
  EXPECT_EQ(pay.error, "ValueError: no money");
  EXPECT_FALSE(is_in_progress(pay));
  const auto& ask = spans->at(2);
  EXPECT_EQ(ask.parent, pay.id);
  EXPECT_EQ(ask.duration_us, 0);
  EXPECT_TRUE(is_in_progress(ask));
  const auto written = codec::parse_json(write_segment(ask))->as_object();
  EXPECT_TRUE(written.at("in_progress").as_bool());
  EXPECT_FALSE(written.contains("end_time"));
}

TEST(SegmentDocuments, WhatASpanHasNoPlaceForComesBackAsItWasPut) {
  const auto put = codec::parse_json(R"({"name":"shop","id":"70de5b6f19ff9a0a","start_time":1478293361.5,
    "end_time":1478293362.25,"trace_id":"1-581cf771-a006649127e371903a2de979","parent_id":"53995c3f42cd8ad8",
    "type":"subsegment","namespace":"remote","user":"ann","error":true,"throttle":true,
    "annotations":{"n":1,"part":0.5,"yes":true,"text":"1","gust.document":"no"},
    "metadata":{"default":{"list":[1,{"a":null}]},"mine":{"k":"v"}},"sql":{"url":"jdbc:x","sanitized_query":"SELECT 1"},
    "http":{"request":{"method":"GET","url":"https://shop/"},"response":{"status":429,"content_length":86}},
    "aws":{"account_id":"1"},"cause":{"exceptions":[{"id":"7a5c","type":"E","message":"m","stack":[]}]}})");
  ASSERT_TRUE(put);
  const auto spans = read_segment(codec::to_json(*put));
  ASSERT_TRUE(spans) << spans.error().message;
  ASSERT_EQ(spans->size(), 1u);
  std::vector<Span> back;
  const auto take = [&](Span span) {
    back.push_back(std::move(span));
    return true;
  };
  ASSERT_TRUE(read_spans(payload_of(block_for_test(*spans)), take));
  ASSERT_EQ(back.size(), 1u);
  EXPECT_EQ(*codec::parse_json(write_segment(back[0])), *put);
}

TEST(SegmentDocuments, MetadataThatIsTooLongIsLeftOut) {
  // Read and written again it is longer than it came.
  std::string list = "1e5";
  for (int i = 0; i < 14'000; ++i) list += ",1.5";
  const auto spans = read_segment(R"({"name":"a","id":"70de5b6f19ff9a0a","start_time":1,"end_time":2,"user":"ann",
    "trace_id":"1-581cf771-a006649127e371903a2de979","metadata":{"d":[)" + list + "]}}");
  ASSERT_TRUE(spans) << spans.error().message;
  const auto written = codec::parse_json(write_segment(spans->front()))->as_object();
  EXPECT_EQ(written.at("user").as_string(), "ann");
  EXPECT_FALSE(written.contains("metadata"));
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
