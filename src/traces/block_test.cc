#include "traces/block.h"

#include "traces/testing.h"

#include <gtest/gtest.h>

namespace gust::traces {
namespace {

std::vector<Span> read(const std::string& payload) {
  std::vector<Span> out;
  const auto take = [&](Span span) {
    out.push_back(std::move(span));
    return true;
  };
  EXPECT_TRUE(read_spans(payload, take));
  return out;
}

void expect_same(const Span& a, const Span& b) {
  EXPECT_EQ(a.trace, b.trace);
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.parent, b.parent);
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.entry, b.entry);
  EXPECT_EQ(a.start_us, b.start_us);
  EXPECT_EQ(a.duration_us, b.duration_us);
  EXPECT_EQ(a.account, b.account);
  EXPECT_EQ(a.service, b.service);
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.resource, b.resource);
  EXPECT_EQ(a.request_id, b.request_id);
  EXPECT_EQ(a.error, b.error);
  EXPECT_EQ(a.attributes, b.attributes);
}

TEST(Block, GivesBackWhatItTook) {
  std::vector<Span> spans{span_for_test(1, 0), span_for_test(1, 1), span_for_test(2, 0), span_for_test(1, 2)};
  spans[1].status = telemetry::SpanStatus::kThrottle;
  spans[1].error = "ValueError: no";
  spans[2].request_id = "of another form";
  spans[2].start_us = 17;
  spans[3].kind = telemetry::SpanKind::kCustom;
  spans[3].request_id = "";
  spans[3].attributes = {{"a", "b"}, {"a", std::string(300, 'x')}, {std::string(kKept), std::string(kMostKept, 'y')}};
  const auto block = block_for_test(spans);
  const auto back = read(payload_of(block));
  ASSERT_EQ(back.size(), spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) expect_same(back[i], spans[i]);
}

TEST(Block, HeadSaysWhatIsInIt) {
  auto slow = span_for_test(3, 1);
  slow.duration_us = 5'000'000;
  slow.status = telemetry::SpanStatus::kFault;
  const auto block = block_for_test({span_for_test(3, 0), slow});
  const auto head = read_head(block);
  ASSERT_TRUE(head);
  EXPECT_EQ(head->spans, 2u);
  EXPECT_EQ(head->whole_bytes(), block.size());
  EXPECT_EQ(head->first_start_us, span_for_test(3, 0).start_us);
  EXPECT_EQ(head->last_end_us, slow.start_us + slow.duration_us);
  EXPECT_EQ(head->longest_us, 5'000'000);
  EXPECT_EQ(head->flags, BlockHead::kFailed);
  const auto filter = block.substr(BlockHead::kBytes, head->filter_bytes);
  EXPECT_TRUE(may_contain(filter, key_of(slow.trace)));
  EXPECT_TRUE(may_contain(filter, key_of_resource("thumbs")));
  EXPECT_TRUE(may_contain(filter, key_of_service("s3")));
}

TEST(Block, FilterSeldomSaysYesForNothing) {
  BlockWriter writer;
  for (std::uint64_t i = 0; i < 1000; ++i) writer.add(span_for_test(i, 0));
  const auto block = writer.finish();
  const auto filter = block.substr(BlockHead::kBytes, read_head(block)->filter_bytes);
  int wrong = 0;
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_TRUE(may_contain(filter, key_of(span_for_test(i, 0).trace)));
    wrong += may_contain(filter, key_of(span_for_test(100'000 + i, 0).trace)) ? 1 : 0;
  }
  EXPECT_LT(wrong, 30);
}

TEST(Block, AsTheSameTextIsAServiceAndAResource) {
  auto span = span_for_test(1, 0);
  span.service = span.resource = "same";
  const auto block = block_for_test({span});
  const auto filter = block.substr(BlockHead::kBytes, read_head(block)->filter_bytes);
  EXPECT_TRUE(may_contain(filter, key_of_resource("same")));
  EXPECT_TRUE(may_contain(filter, key_of_service("same")));
}

TEST(Block, SpansAreSmall) {
  BlockWriter writer;
  for (std::uint64_t i = 0; i < 300; ++i) {
    writer.add(span_for_test(i, 0));
    writer.add(span_for_test(i, 1));
  }
  EXPECT_LE(writer.finish().size() / 600, 100u);
}

TEST(Block, EveryFlippedBitIsNoticed) {
  const auto block = block_for_test({span_for_test(1, 0), span_for_test(1, 1)});
  for (std::size_t bit = 0; bit < block.size() * 8; ++bit) {
    auto broken = block;
    broken[bit / 8] = static_cast<char>(broken[bit / 8] ^ (1 << (bit % 8)));
    const auto head = read_head(broken);
    if (!head || head->whole_bytes() != broken.size()) continue;
    const std::string_view all = broken;
    EXPECT_FALSE(is_sound(all, all.substr(BlockHead::kBytes, head->filter_bytes),
                          all.substr(BlockHead::kBytes + head->filter_bytes)))
        << bit;
  }
}

TEST(Block, WhatBreaksOffIsCorruptAndGivesWhatCameBefore) {
  const auto payload = payload_of(block_for_test({span_for_test(1, 0), span_for_test(1, 1)}));
  std::size_t most = 0;
  for (std::size_t length = 0; length < payload.size(); ++length) {
    std::size_t count = 0;
    const auto take = [&](Span) {
      ++count;
      return true;
    };
    const auto read = read_spans(std::string_view(payload).substr(0, length), take);
    most = std::max(most, count);
    if (!read) EXPECT_EQ(read.error().code, Code::kCorrupt);
  }
  EXPECT_EQ(most, 1u);
}

}  // namespace
}  // namespace gust::traces
