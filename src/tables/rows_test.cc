// Rows of items and records, and how their keys sort.
#include "tables/rows.h"
#include "tables/stored_item.h"

#include "tables/testing.h"

#include <algorithm>
#include <random>

namespace gust::tables {
namespace {

using namespace testing;

Item everything() {
  return {{"s", text("\xC3\xA4" "bc")},
          {"empty", text("")},
          {"n", number("-12.5")},
          {"b", binary(std::string("\0\xFF\x01", 3))},
          {"yes", {true}},
          {"no", {false}},
          {"null", {Null{}}},
          {"m", {Item{{"x", {List{number(1), {Item{}}}}}, {"", text("no name")}}}},
          {"l", {List{text("a"), {List{}}, {Null{}}}}},
          {"ss", {StringSet{"a", "b"}}},
          {"ns", {NumberSet{*Number::parse("1"), *Number::parse("-1E-130")}}},
          {"bs", {BinarySet{{"x"}, {std::string(200, 'y')}}}}};
}

TEST(Rows, ItemsComeBack) {
  EXPECT_EQ(rows::decode_item(rows::encode(everything())), everything());
  EXPECT_EQ(rows::decode_item(rows::encode(Item{})), Item{});
  Value deep = text("x");
  for (std::size_t i = 0; i < kMaxDepth; ++i) deep = i % 2 == 0 ? Value{List{deep}} : Value{Item{{"d", deep}}};
  const Item item{{"deep", deep}, {"large", text(std::string(300'000, 'x'))}};
  EXPECT_EQ(rows::decode_item(rows::encode(item)), item);
}

TEST(Rows, DamagedItemsAreCorrupt) {
  const auto row = rows::encode(everything());
  for (std::size_t i = 0; i < row.size(); ++i)
    ASSERT_EQ(rows::decode_item(row.substr(0, i)).error().code, Code::kCorrupt) << i;
  EXPECT_EQ(rows::decode_item(row + "x").error().code, Code::kCorrupt);
  EXPECT_EQ(rows::decode_item("\x02").error().code, Code::kCorrupt);
  EXPECT_FALSE(rows::decode_item("\x01\x01\x01x" + std::string(100'000, '\x08')));
  std::mt19937_64 random(5);
  for (int i = 0; i < 5000; ++i) {
    auto damaged = row;
    damaged[random() % damaged.size()] = static_cast<char>(random());
    if (const auto item = rows::decode_item(damaged)) ASSERT_EQ(rows::decode_item(rows::encode(*item)), *item);
  }
}

TEST(Rows, AStoredItemIsTheItem) {
  const auto stored = StoredItem::of(rows::encode(everything()));
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->decode(), everything());
  EXPECT_EQ(stored->size(), size_of(everything()));
  EXPECT_EQ(StoredItem::of(rows::encode(Item{}))->size(), 0U);
}

TEST(Rows, ADamagedRowIsNoStoredItemWhereItIsNoItem) {
  const auto row = rows::encode(everything());
  for (std::size_t i = 0; i < row.size(); ++i)
    ASSERT_EQ(StoredItem::of(row.substr(0, i)).error().code, Code::kCorrupt) << i;
  EXPECT_FALSE(StoredItem::of(row + "x"));
  EXPECT_FALSE(StoredItem::of("\x01\x01\x01x" + std::string(100'000, '\x08')));
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = row;
    for (auto n = random() % 3; n < 3; ++n) damaged[random() % damaged.size()] = static_cast<char>(random());
    ASSERT_EQ(StoredItem::of(damaged).has_value(), rows::decode_item(damaged).has_value());
  }
}

TEST(Rows, RecordsComeBack) {
  const StreamName stream{"id", "2026-01-01T00:00:00.000"};
  StreamRecord record;
  record.event = EventName::kModify;
  record.cause = Cause::kExpiry;
  record.view = StreamView::kNewAndOldImages;
  record.at = from_epoch_ms(1'700'000'000'123);
  record.sequence = 77;
  record.keys = {{"pk", text("a")}};
  record.before = everything();
  record.after = Item{{"pk", text("a")}};
  const kv::Entry row{rows::record_key(stream, 77), rows::encode(record)};
  const auto back = rows::decode_record(row);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->event, record.event);
  EXPECT_EQ(back->cause, record.cause);
  EXPECT_EQ(back->view, record.view);
  EXPECT_EQ(back->at, record.at);
  EXPECT_EQ(back->sequence, 77u);
  EXPECT_EQ(back->keys, record.keys);
  EXPECT_EQ(back->before, record.before);
  EXPECT_EQ(back->after, record.after);
  EXPECT_EQ(size_of(*back), size_of(everything()) + 6);
  for (std::size_t i = 0; i < row.value.size(); ++i)
    ASSERT_EQ(rows::decode_record({row.key, row.value.substr(0, i)}).error().code, Code::kCorrupt);
}

TEST(Rows, KeysOfOneHashValueSortByTheRangeValue) {
  const std::vector<std::vector<Value>> ascending{
      {text(std::string("\0", 1)), text(std::string("\0\0", 2)), text(std::string("\0\1", 2)), text("a"),
       text(std::string("a\0", 2)), text("aa"), text("b"), text("\xC3\xA4"), text("\xF0\x9F\x98\x80")},
      {number("-1E125"), number(-10), number("-9.99"), number("-1E-130"), number(0), number("1E-130"), number(9),
       number(10), number("10.01"), number("1E125")},
      {binary(std::string("\0", 1)), binary(std::string("\0\xFF", 2)), binary("\x01"), binary("\x7F"), binary("\x80"),
       binary("\xFF"), binary("\xFF\xFF")}};
  for (const auto& values : ascending) {
    auto table = two_keys();
    table.key.range->type = values[0].type();
    std::vector<std::string> keys;
    for (const auto& value : values) keys.push_back(rows::item_key(table, {{"pk", text("p")}, {"sk", value}}));
    EXPECT_TRUE(std::ranges::is_sorted(keys, std::less()));
    EXPECT_EQ(std::ranges::adjacent_find(keys), keys.end());
    const auto collection = rows::collection_prefix(rows::items_prefix(table.id), text("p"));
    EXPECT_TRUE(std::ranges::all_of(keys, [&](const auto& key) { return key.starts_with(collection); }));
    const auto other = rows::item_key(table, {{"pk", text("pp")}, {"sk", values[0]}});
    EXPECT_FALSE(other.starts_with(collection));
  }
}

TEST(Rows, SegmentsDivideAllKeys) {
  const auto table = two_keys();
  const auto prefix = rows::items_prefix(table.id);
  for (const std::uint32_t segments : {1u, 2u, 3u, 7u, 1000u, 1'000'000u}) {
    for (int i = 0; i < 200; ++i) {
      const auto key = rows::item_key(table, {{"pk", text(std::to_string(i))}, {"sk", text("s")}});
      const auto has = [&](std::uint32_t s) {
        const auto range = rows::segment(prefix, s, segments);
        return key >= range.begin && key < range.end;
      };
      const auto hash = static_cast<unsigned char>(key[prefix.size()]) * 256u +
                        static_cast<unsigned char>(key[prefix.size() + 1]);
      const auto near = static_cast<std::uint32_t>(std::uint64_t{hash} * segments / 0x10000);
      int found = 0;
      for (std::uint32_t s = near < 20 ? 0 : near - 20; s < std::min(near + 40, segments); ++s) found += has(s) ? 1 : 0;
      ASSERT_EQ(found, 1) << segments << " " << i;
    }
  }
}

}  // namespace
}  // namespace gust::tables
