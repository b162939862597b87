// Streams: what records tell, in which order, and for how long.
#include "tables/testing.h"

#include <algorithm>

namespace gust::tables {
namespace {

using namespace testing;

class StreamTest : public TableTest {
 protected:
  void SetUp() override {
    TableTest::SetUp();
    table_.stream = StreamView::kNewAndOldImages;
    table_.stream_label = "2026-01-01T00:00:00.000";
  }
  ItemStore::Records records(std::uint64_t after = 0, std::size_t limit = 1000) {
    auto got = run(loop_, [&] { return items_->records(stream(), after, limit); });
    EXPECT_TRUE(got) << got.error().message;
    return got.value_or(ItemStore::Records{});
  }
  std::uint64_t newest() {
    return *run(loop_, [&] { return items_->newest(stream()); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, StreamTest, twins(), twin_name);

TEST(Sequences, AreTextThatSorts) {
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1} << 56, UINT64_MAX}) {
    EXPECT_EQ(sequence_text(n).size(), 21u);
    EXPECT_EQ(parse_sequence(sequence_text(n)), n);
  }
  EXPECT_LT(sequence_text(9), sequence_text(10));
  for (const auto* text : {"", "1", "x00000000000000000001", "1-0000000000000000001", "199999999999999999999"})
    EXPECT_FALSE(parse_sequence(text)) << text;
}

TEST(Sequences, AreSettledInOrder) {
  const auto now = from_epoch_ms(1000);
  const auto sequences = std::make_shared<Sequences>();
  const StreamName stream{"t", "l"};
  const auto one = sequences->open(), two = sequences->open();
  const auto a = sequences->next(*one, stream, now), b = sequences->next(*two, stream, now);
  EXPECT_LT(a, b);
  EXPECT_GT(a, sequence_at(now));
  EXPECT_EQ(sequences->settled(now), a - 1);
  two->end(Sequences::End::kCommitted);
  EXPECT_EQ(sequences->settled(now), a - 1);
  const auto c = sequences->next(*one, stream, from_epoch_ms(1));
  EXPECT_GT(c, b);
  one->end(Sequences::End::kCommitted);
  EXPECT_EQ(sequences->settled(now), c);
  EXPECT_EQ(sequences->settled(from_epoch_ms(2000)), sequence_at(from_epoch_ms(2000)));
  EXPECT_GT(sequences->next(*two, stream, now), sequence_at(from_epoch_ms(2000)));
  two->end(Sequences::End::kCommitted);
  sequences->learn({"t", "l"}, c + (1 << 30));
  EXPECT_TRUE(sequences->knows({"t", "l"}));
  EXPECT_GT(sequences->next(*one, stream, now), c + (1 << 30));
}

TEST(Sequences, TellWhenAStreamsNumbersAreSettled) {
  const auto now = from_epoch_ms(1000);
  const auto sequences = std::make_shared<Sequences>();
  std::vector<std::string> told;
  sequences->on_settled([&](std::string_view stream) { told.emplace_back(stream); });
  const StreamName x{"t", "x"}, y{"t", "y"};
  auto one = sequences->open(), two = sequences->open(), three = sequences->open();
  (void)sequences->next(*one, x, now);
  (void)sequences->next(*two, y, now);
  (void)sequences->next(*two, y, now);
  three->end(Sequences::End::kCommitted);  // took none
  two->end(Sequences::End::kCommitted);
  EXPECT_TRUE(told.empty());  // a reader of y stops before the first's number
  one.reset();
  EXPECT_EQ(told, (std::vector<std::string>{"t/x", "t/y"}));
  told.clear();
  (void)sequences->next(*three, y, now);
  three->end(Sequences::End::kCommitted);
  EXPECT_EQ(told, std::vector<std::string>{"t/y"});
}

TEST_P(StreamTest, EachChangeIsARecord) {
  const auto first = item("a", "1", {{"x", number(1)}}), second = item("a", "1", {{"x", number(2)}});
  ASSERT_TRUE(put(first));
  ASSERT_TRUE(put(first));
  ASSERT_TRUE(write(update_of(key("a", "1"), {{"x", number(2)}})));
  ASSERT_TRUE(write(update_of(key("a", "1"), {{"x", number(2)}})));
  auto expired = erase_of(key("a", "1"));
  expired.cause = Cause::kExpiry;
  ASSERT_TRUE(write(expired));
  ASSERT_TRUE(write(erase_of(key("a", "1"))));
  ASSERT_FALSE(write(erase_of(key("a", "1"), is_there())));
  const auto got = records().records;
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].event, EventName::kInsert);
  EXPECT_EQ(got[0].keys, key("a", "1"));
  EXPECT_EQ(got[0].before, std::nullopt);
  EXPECT_EQ(got[0].after, first);
  EXPECT_EQ(got[0].at, clock_.now());
  EXPECT_EQ(name_of(got[1].event), "MODIFY");
  EXPECT_EQ(got[1].before, first);
  EXPECT_EQ(got[1].after, second);
  EXPECT_EQ(got[2].event, EventName::kRemove);
  EXPECT_EQ(got[2].cause, Cause::kExpiry);
  EXPECT_EQ(got[2].before, second);
  EXPECT_EQ(got[2].after, std::nullopt);
  EXPECT_LT(got[0].sequence, got[1].sequence);
  EXPECT_EQ(records(got[1].sequence).records.size(), 1u);
  EXPECT_EQ(records(0, 2).next, got[1].sequence);
  EXPECT_EQ(records(records().next).records.size(), 0u);
}

TEST_P(StreamTest, ViewsSayWhatImagesThereAre) {
  for (const auto view : {StreamView::kKeysOnly, StreamView::kNewImage, StreamView::kOldImage}) {
    table_.stream = view;
    table_.stream_label = "of " + std::to_string(static_cast<int>(view));
    ASSERT_TRUE(put(item("a", "1", {{"x", number(static_cast<int>(view))}})));
    ASSERT_TRUE(put(item("a", "1", {{"x", text("new")}})));
    const auto got = records().records;
    ASSERT_EQ(got.size(), 2u);
    EXPECT_EQ(got[1].before.has_value(), view == StreamView::kOldImage);
    EXPECT_EQ(got[1].after.has_value(), view == StreamView::kNewImage);
    EXPECT_EQ(got[1].view, view);
  }
  table_.stream = {};
  ASSERT_TRUE(put(item("a", "2")));
  EXPECT_EQ(records().records.size(), 2u);
}

TEST_P(StreamTest, NumbersGrowWhateverTheClockSays) {
  ASSERT_TRUE(put(item("a", "1")));
  const auto before = records().records.at(0).sequence;
  clock_.advance(-std::chrono::hours(2));
  reopen();
  EXPECT_EQ(newest(), before);
  ASSERT_TRUE(put(item("a", "2")));
  EXPECT_EQ(records(before).records.size(), 1u);
  reopen();
  ASSERT_TRUE(put(item("a", "3")));
  EXPECT_EQ(records(before).records.size(), 2u);
}

TEST_P(StreamTest, RecordsAreKeptForADay) {
  ASSERT_TRUE(put(item("a", "1")));
  clock_.advance(std::chrono::hours(23));
  ASSERT_TRUE(put(item("a", "2")));
  EXPECT_EQ(records().records.size(), 2u);
  clock_.advance(std::chrono::hours(1) + Millis(1));
  const auto got = records().records;
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].keys, key("a", "2"));
  EXPECT_EQ(row_count("t/s/"), 2u);
  ASSERT_TRUE(run(loop_, [&] { return items_->trim(stream()); }));
  EXPECT_EQ(row_count("t/s/"), 1u);
  clock_.advance(std::chrono::hours(24));
  EXPECT_TRUE(records().records.empty());
}

TEST_P(StreamTest, PagesOfRecordsEndAtOneMegabyte) {
  const auto large = text(std::string(300 << 10, 'x'));
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(put(item("a", std::to_string(i), {{"x", large}})));
  std::size_t seen = 0, pages = 0;
  for (std::uint64_t after = 0; seen < 8; ++pages) {
    const auto got = records(after);
    ASSERT_FALSE(got.records.empty());
    seen += got.records.size();
    after = got.next;
  }
  EXPECT_EQ(seen, 8u);
  EXPECT_GE(pages, 2u);
}

TEST_P(StreamTest, AReaderMissesNoneWhileOthersWrite) {
  async::TaskGroup group(loop_.get_executor(), "stream");
  constexpr int kWriters = 8, kEach = 25;
  int running = kWriters;
  const auto writer = [&](int n) -> Task<void> {
    for (int i = 0; i < kEach; ++i) {
      std::vector<Write> writes{put_of(item("shared", "1", {{"x", text(std::to_string(n) + "." + std::to_string(i))}})),
                                put_of(item(std::to_string(n), std::to_string(i)))};
      GUST_CO_CHECK(co_await items_->transact(std::move(writes), nullptr));
    }
    --running;
    co_return Result<void>{};
  };
  std::vector<StreamRecord> seen;
  const auto reader = [&]() -> Task<void> {
    std::uint64_t after = 0;
    for (bool last = false; !last;) {
      last = running == 0;
      GUST_CO_TRY(const auto got, co_await items_->records(stream(), after, 1000));
      seen.insert(seen.end(), got.records.begin(), got.records.end());
      after = got.next;
    }
    co_return Result<void>{};
  };
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    for (int n = 0; n < kWriters; ++n) group.spawn(writer(n));
    group.spawn(reader());
    co_return co_await group.drain(SteadyTime::max());
  }));
  EXPECT_EQ(seen.size(), 2u * kWriters * kEach);
  EXPECT_TRUE(std::ranges::is_sorted(seen, {}, &StreamRecord::sequence));
  // Of one item each record begins where the one before ended.
  std::optional<Item> shared;
  for (const auto& record : seen) {
    if (record.keys != key("shared", "1")) continue;
    EXPECT_EQ(record.before, shared);
    shared = record.after;
  }
}

}  // namespace
}  // namespace gust::tables
