#include "traces/query.h"

#include "env/simulated_files.h"
#include "traces/testing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gust::traces {
namespace {

using telemetry::SpanKind;
using telemetry::SpanStatus;
using testing::ElementsAre;

class QueryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Segments::open(files_, "/traces", {.segment_bytes = 4000, .block_bytes = 1000});
    ASSERT_TRUE(opened);
    segments_ = std::move(*opened);
  }
  void put(const std::vector<Span>& spans) { ASSERT_TRUE(segments_->append(block_for_test(spans))); }

  std::vector<std::uint64_t> find(Query query) {
    query.account = AccountId(std::string(kDefaultAccount));
    const auto page = search(segments_->views(), query);
    next_ = page.next;
    std::vector<std::uint64_t> out;
    for (const auto& trace : page.traces) out.push_back(trace.id.low);
    return out;
  }

  env::SimulatedFiles files_{1};
  std::unique_ptr<Segments> segments_;
  Position next_ = 0;
};

TEST_F(QueryTest, NewestFirstPageByPage) {
  for (std::uint64_t i = 1; i <= 25; ++i) put({span_for_test(i, 1), span_for_test(i, 0)});
  EXPECT_THAT(find({.limit = 3}), ElementsAre(25, 24, 23));
  std::vector<std::uint64_t> all;
  Query query{.limit = 4};
  do {
    for (const auto id : find(query)) all.push_back(id);
    query.before = next_;
  } while (next_ != 0);
  ASSERT_EQ(all.size(), 25u);
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], 25 - i);
}

TEST_F(QueryTest, ByFunctionServiceFailureSlownessTextAndTime) {
  auto failed = span_for_test(2, 1);
  failed.status = SpanStatus::kFault;
  failed.error = "ValueError: broken picture";
  auto slow = span_for_test(3, 1);
  slow.duration_us = 2'000'000;
  slow.resource = slow.name = "encoder";
  put({span_for_test(1, 0), span_for_test(2, 0), failed});
  put({span_for_test(3, 0), slow, span_for_test(4, 0), span_for_test(4, 1)});
  EXPECT_THAT(find({.function = "encoder"}), ElementsAre(3));
  EXPECT_THAT(find({.function = "thumbs"}), ElementsAre(4, 2));
  EXPECT_THAT(find({.service = "lambda"}), ElementsAre(4, 3, 2));
  EXPECT_THAT(find({.outcome = Outcome::kFailed}), ElementsAre(2));
  EXPECT_THAT(find({.function = "encoder", .outcome = Outcome::kFailed}), ElementsAre());
  EXPECT_THAT(find({.slow_us = 1'000'000}), ElementsAre(3));
  EXPECT_THAT(find({.text = "broken"}), ElementsAre(2));
  EXPECT_THAT(find({.text = "photos/4"}), ElementsAre(4));
  EXPECT_THAT(find({.since_us = span_for_test(3, 0).start_us}), ElementsAre(4, 3));
  EXPECT_THAT(find({.until_us = span_for_test(2, 0).start_us}), ElementsAre(2, 1));
}

TEST_F(QueryTest, ByHowStepsEndedAndByNamesOfTheMap) {
  auto fault = span_for_test(2, 1), error = span_for_test(3, 1), throttled = span_for_test(4, 1);
  fault.status = SpanStatus::kFault;
  error.status = SpanStatus::kError;
  throttled.status = SpanStatus::kThrottle;
  auto dead = span_for_test(4, 2);
  dead.kind = SpanKind::kDeadLetter;
  put({span_for_test(1, 0), span_for_test(2, 0), fault, span_for_test(3, 0), error});
  put({span_for_test(4, 0), throttled, dead, span_for_test(5, 0)});
  EXPECT_THAT(find({.having = {SpanStatus::kFault}}), ElementsAre(2));
  EXPECT_THAT(find({.having = {SpanStatus::kError}}), ElementsAre(4, 3));  // 429 is of 4xx
  EXPECT_THAT(find({.having = {SpanStatus::kThrottle}}), ElementsAre(4));
  EXPECT_THAT(find({.lacking = {SpanStatus::kFault}}), ElementsAre(5, 4, 3, 1));
  EXPECT_THAT(find({.having = {SpanStatus::kError}, .lacking = {SpanStatus::kThrottle}}), ElementsAre(3));
  EXPECT_THAT(find({.named = "thumbs"}), ElementsAre(4, 3, 2));
  EXPECT_THAT(find({.named = "lambda"}), ElementsAre(4, 3, 2));
  EXPECT_THAT(find({.named = "photos"}), ElementsAre(5, 4, 3, 2, 1));
  EXPECT_THAT(find({.named = "dead letters"}), ElementsAre(4));
  EXPECT_THAT(find({.named = "nobody"}), ElementsAre());
}

TEST_F(QueryTest, WhatBeganByItselfOrWithOthersIsListedOnce) {
  auto waited = span_for_test(2, 0), attempt = span_for_test(2, 1), handler = span_for_test(2, 2);
  for (auto* span : {&waited, &attempt}) {  // as of an event that no request of a client's set off
    span->entry = Span::Entry::kNo;
    span->parent = 0;
  }
  waited.kind = SpanKind::kQueue;
  waited.resource = "thumbs";
  auto segment = span_for_test(3, 0), orphan = span_for_test(4, 1), inner = span_for_test(1, 2);
  segment.entry = Span::Entry::kNo;
  for (auto* span : {&segment, &orphan, &inner}) span->kind = SpanKind::kCustom;
  put({inner, span_for_test(1, 1), span_for_test(1, 0), waited});
  put({attempt, handler, segment, orphan});
  EXPECT_THAT(find({}), ElementsAre(4, 3, 2, 1));
  std::vector<std::uint64_t> all;
  Query query{.limit = 1};
  do {
    for (const auto id : find(query)) all.push_back(id);
    query.before = next_;
  } while (next_ != 0);
  EXPECT_THAT(all, ElementsAre(4, 3, 2, 1));
  // An attempt after the time that is asked for leaves nothing out.
  auto again = attempt;
  again.id += 100;
  again.start_us += 3'600'000'000;
  put({again});
  EXPECT_THAT(find({.until_us = again.start_us - 1}), ElementsAre(4, 3, 2, 1));
  EXPECT_THAT(find({.since_us = again.start_us}), ElementsAre(2));
  EXPECT_EQ(summary_of({waited.trace, {waited, attempt, handler}}).name, "thumbs");
  segment.status = SpanStatus::kError;
  EXPECT_TRUE(is_failure(segment));
  orphan.status = SpanStatus::kError;
  EXPECT_FALSE(is_failure(orphan));
}

TEST_F(QueryTest, OneTraceFromSeveralSegmentsInOrderOfTime) {
  put({span_for_test(7, 2)});
  for (std::uint64_t i = 10; i <= 60; ++i) put({span_for_test(i, 0), span_for_test(i, 1)});
  put({span_for_test(7, 0), span_for_test(7, 1)});
  ASSERT_GT(segments_->views().size(), 2u);
  const auto trace = find_trace(segments_->views(), span_for_test(7, 0).trace, AccountId(std::string(kDefaultAccount)));
  ASSERT_EQ(trace.spans.size(), 3u);
  EXPECT_EQ(trace.spans[0].id, span_for_test(7, 0).id);
  EXPECT_EQ(trace.spans[2].id, span_for_test(7, 2).id);
}

TEST_F(QueryTest, ASegmentInProgressIsSeenUntilItsEnd) {
  auto begun = span_for_test(1, 0), ended = span_for_test(1, 0);
  begun.kind = ended.kind = SpanKind::kCustom;
  begun.attributes = {{std::string(kInProgress), "true"}};
  begun.duration_us = 0;
  const auto seen = [&] {
    auto trace = find_trace(segments_->views(), begun.trace, AccountId(std::string(kDefaultAccount)));
    EXPECT_EQ(trace.spans.size(), 1u);
    return trace.spans.empty() ? -1 : trace.spans[0].duration_us;
  };
  put({begun});
  EXPECT_EQ(seen(), 0);
  EXPECT_THAT(find({}), ElementsAre(1));
  put({ended});
  EXPECT_EQ(seen(), 500);
  put({begun});  // as it comes late
  EXPECT_EQ(seen(), 500);
  ended.duration_us = 700;
  put({ended});
  EXPECT_EQ(seen(), 700);
  EXPECT_THAT(find({}), ElementsAre(1));
}

TEST_F(QueryTest, AnAccountSeesItsOwn) {
  auto other = span_for_test(2, 0);
  other.account = "111122223333";
  auto nobodys = span_for_test(3, 0);
  nobodys.account = "";
  put({span_for_test(1, 0), other, nobodys});
  EXPECT_THAT(find({}), ElementsAre(3, 1));
  const auto page = search(segments_->views(), {.account = AccountId("111122223333")});
  ASSERT_EQ(page.traces.size(), 1u);
  EXPECT_EQ(page.traces[0].id.low, 2u);
  EXPECT_TRUE(find_trace(segments_->views(), span_for_test(1, 0).trace, AccountId("111122223333")).spans.empty());
}

TEST_F(QueryTest, ASummarySaysWhatTheTraceCameTo) {
  auto start = span_for_test(1, 1);
  start.kind = SpanKind::kStart;
  auto handler = span_for_test(1, 2);
  handler.duration_us = 9'000;
  auto missing = span_for_test(1, 3);
  missing.kind = SpanKind::kCall;
  missing.status = SpanStatus::kError;
  auto summary = summary_of({span_for_test(1, 0).trace, {span_for_test(1, 0), start, handler, missing}});
  EXPECT_EQ(summary.name, "PUT photos/1.jpg");
  EXPECT_EQ(summary.service, "s3");
  EXPECT_EQ(summary.duration_us, 11'000);
  EXPECT_EQ(summary.spans, 4u);
  EXPECT_EQ(summary.cold_starts, 1u);
  EXPECT_THAT(summary.functions, ElementsAre("thumbs"));
  EXPECT_EQ(summary.status, SpanStatus::kOk);  // what a function asks for need not be there
  handler.status = SpanStatus::kFault;
  summary = summary_of({span_for_test(1, 0).trace, {span_for_test(1, 0), start, handler, missing}});
  EXPECT_EQ(summary.status, SpanStatus::kFault);
}

TEST_F(QueryTest, AMapOfWhatFlows) {
  auto outbox = span_for_test(1, 1);
  outbox.kind = SpanKind::kOutbox;
  outbox.service = "s3";
  outbox.resource = "photos";
  auto handler = span_for_test(1, 2);
  handler.parent = outbox.id;
  auto call = span_for_test(1, 3);
  call.kind = SpanKind::kCall;
  call.service = "dynamodb";
  call.resource = "pictures";
  call.parent = handler.id;
  call.status = SpanStatus::kFault;
  const auto map = map_of({span_for_test(1, 0), outbox, handler, call});
  std::vector<std::string> edges, nodes;
  for (const auto& edge : map.edges)
    edges.push_back(edge.from + " > " + edge.to + " " + std::to_string(edge.counts.count) + " " +
                    std::to_string(edge.counts.errors));
  for (const auto& node : map.nodes) nodes.push_back(node.kind + " " + node.name);
  EXPECT_THAT(edges, ElementsAre("client > s3:photos 1 0", "lambda:thumbs > dynamodb:pictures 1 1",
                                 "s3:photos > lambda:thumbs 1 0"));
  EXPECT_THAT(nodes, ElementsAre("client clients", "table pictures", "function thumbs", "bucket photos"));
}

TEST_F(QueryTest, AMapOfSegmentsThatWerePut) {
  auto shop = span_for_test(1, 0), begun = span_for_test(1, 0), pay = span_for_test(1, 1), bank = span_for_test(1, 2),
       request = span_for_test(1, 3), apart = span_for_test(1, 4), own = span_for_test(1, 5);
  for (auto* span : {&shop, &begun, &pay, &bank, &apart, &own}) {
    span->kind = SpanKind::kCustom;
    span->resource = "";
    span->service = "shop";
  }
  begun.attributes = {{std::string(kInProgress), "true"}};
  bank.parent = pay.id;
  bank.service = "bank";
  request.kind = SpanKind::kRequest;
  request.service = "s3";
  request.resource = "receipts";
  request.parent = bank.id;
  apart.service = "ask";
  apart.attributes = {{std::string(kKept), R"({"type":"subsegment"})"}};
  own.service = own.resource = "thumbs";  // a function's own
  const auto map = map_of({begun, shop, pay, bank, request, apart, own});
  std::vector<std::string> edges;
  for (const auto& edge : map.edges)
    edges.push_back(edge.from + " > " + edge.to + " " + std::to_string(edge.counts.count));
  EXPECT_THAT(edges,
              ElementsAre("client > custom:shop 1", "custom:bank > s3:receipts 1", "custom:shop > custom:bank 1"));
}

}  // namespace
}  // namespace gust::traces
