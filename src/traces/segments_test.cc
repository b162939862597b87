#include "traces/segments.h"

#include "env/simulated_files.h"
#include "traces/testing.h"

#include <gtest/gtest.h>

namespace gust::traces {
namespace {

class SegmentsTest : public testing::Test {
 protected:
  std::unique_ptr<Segments> open() {
    auto opened = Segments::open(files_, "/traces", settings_);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  static void append(Segments& segments, std::uint64_t trace) {
    const auto done = segments.append(block_for_test({span_for_test(trace, 0), span_for_test(trace, 1)}));
    EXPECT_TRUE(done) << done.error().message;
  }
  static std::vector<std::uint64_t> traces_of(const Segments& segments) {
    std::vector<std::uint64_t> out;
    for (const auto& span : spans_of(segments.views())) {
      if (span.parent == 0) out.push_back(span.trace.low);
    }
    return out;
  }

  env::SimulatedFiles files_{7};
  StoreSettings settings_{.segment_bytes = 2000, .block_bytes = 1000};
};

TEST_F(SegmentsTest, KeepsWhatWasAppendedOverAStart) {
  {
    auto segments = open();
    for (std::uint64_t i = 1; i <= 20; ++i) append(*segments, i);
    EXPECT_EQ(traces_of(*segments).size(), 20u);
  }
  auto segments = open();
  append(*segments, 21);
  const auto found = traces_of(*segments);
  ASSERT_EQ(found.size(), 21u);
  for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i], i + 1);
  EXPECT_GT(segments->views().size(), 2u);
}

TEST_F(SegmentsTest, SmallBlocksOfAFullSegmentBecomeLargeOnesInTheSamePlaces) {
  settings_.segment_bytes = 20'000;
  settings_.block_bytes = 4000;
  auto segments = open();
  std::uint64_t trace = 1;
  while (segments->views().size() < 2) append(*segments, trace++);
  const auto first = segments->views().front();
  EXPECT_LT(first.blocks.size(), 10u);
  EXPECT_EQ(first.blocks.front()->first, 0u);
  EXPECT_EQ(first.blocks[1]->first, first.blocks[0]->head.spans);
  const auto found = traces_of(*segments);
  EXPECT_EQ(found.size(), trace - 1);
  EXPECT_TRUE(std::ranges::is_sorted(found));
}

TEST_F(SegmentsTest, TheOldestGoWhenThereIsTooMuch) {
  settings_.most_bytes = 10'000;
  auto segments = open();
  for (std::uint64_t i = 1; i <= 200; ++i) {
    append(*segments, i);
    ASSERT_TRUE(segments->expire(span_for_test(i, 0).start_us));
  }
  EXPECT_LE(segments->bytes(), 10'000u);
  const auto found = traces_of(*segments);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back(), 200u);
  EXPECT_GT(found.front(), 100u);
  EXPECT_EQ(files_.list("/traces")->size(), segments->views().size());
}

TEST_F(SegmentsTest, WhatIsTooOldGoes) {
  settings_.most_age = std::chrono::seconds(60);
  auto segments = open();
  for (std::uint64_t i = 1; i <= 40; ++i) append(*segments, i);
  ASSERT_TRUE(segments->expire(span_for_test(85, 0).start_us));
  const auto found = traces_of(*segments);
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found.back(), 40u);
  EXPECT_GT(found.front(), 10u);
}

// As a kill -9 in the middle of a write leaves it, at every byte.
TEST_F(SegmentsTest, ATornTailIsLeftOut) {
  const auto whole = block_for_test({span_for_test(1, 0)}), torn = block_for_test({span_for_test(2, 0)});
  for (std::size_t length = 0; length < torn.size(); ++length) {
    env::SimulatedFiles files(length + 1);
    ASSERT_TRUE(files.make_folder("/traces"));
    {
      const auto file = files.create("/traces/00000001.spans");
      ASSERT_TRUE(file);
      const auto bytes = whole + torn.substr(0, length);
      const std::span<const std::byte> piece = std::as_bytes(std::span(bytes));
      ASSERT_TRUE((*file)->append(std::span(&piece, 1)));
    }
    auto segments = Segments::open(files, "/traces", settings_);
    ASSERT_TRUE(segments);
    EXPECT_EQ(spans_of((*segments)->views()).size(), 1u) << length;
    append(**segments, 3);
    EXPECT_EQ(traces_of(**segments), (std::vector<std::uint64_t>{1, 3})) << length;
  }
}

// Whatever a disk without power keeps of what was never synced, the store opens and what it shows was written.
TEST_F(SegmentsTest, OpensAfterThePowerWasGone) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    env::SimulatedFiles files(seed);
    {
      auto segments = Segments::open(files, "/traces", settings_);
      ASSERT_TRUE(segments);
      files.plan({.power_off_at = 3 + seed % 40});
      for (std::uint64_t i = 1; i <= 40; ++i)
        (void)(*segments)->append(block_for_test({span_for_test(i, 0), span_for_test(i, 1)}));
    }
    files.power_off();
    files.power_on();
    auto segments = Segments::open(files, "/traces", settings_);
    if (!segments) continue;  // the folder's own name was not on the disk
    std::uint64_t last = 0;
    for (const auto& view : (*segments)->views()) {
      for (const auto& block : view.blocks) {
        const auto payload = view.segment->read(*block);
        if (!payload) continue;
        const auto take = [&](Span span) {
          EXPECT_GE(span.trace.low, last);
          last = span.trace.low;
          return true;
        };
        EXPECT_TRUE(read_spans(*payload, take));
      }
    }
    EXPECT_TRUE((*segments)->append(block_for_test({span_for_test(99, 0)})));
  }
}

TEST_F(SegmentsTest, ADiskThatFailsForAWhile) {
  auto segments = open();
  append(*segments, 1);
  files_.plan({.fail_at = 0, .failures = 1, .error_number = 28});
  EXPECT_FALSE(segments->append(block_for_test({span_for_test(2, 0)})));
  append(*segments, 3);
  EXPECT_EQ(traces_of(*segments), (std::vector<std::uint64_t>{1, 3}));
}

}  // namespace
}  // namespace gust::traces
