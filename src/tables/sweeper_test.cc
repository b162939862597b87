#include "tables/sweeper.h"

#include "async/testing.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

Value seconds(std::int64_t n) { return Value{*Number::parse(std::to_string(n))}; }

TEST(Sweeper, AnItemsTimeIsANumberOfSecondsNotTooLongAgo) {
  const auto now = from_epoch_ms(1'700'000'000'000);
  const auto expired = [&](Value value) { return is_expired({{"ends", std::move(value)}}, "ends", now); };
  EXPECT_TRUE(expired(seconds(1'700'000'000)));
  EXPECT_TRUE(expired(seconds(1'600'000'000)));
  EXPECT_FALSE(expired(seconds(1'700'000'001)));
  EXPECT_FALSE(expired(seconds(1'500'000'000)));  // more than five years
  EXPECT_FALSE(expired(Value{std::string("1700000000")}));
  EXPECT_FALSE(is_expired({}, "ends", now));
}

TEST(Sweeper, RemovesWhatHasExpiredAndNothingElse) {
  async::asio::io_context loop;
  kv::MemoryStore store;
  env::FakeClock clock;
  env::SeededRandom random(1);
  Catalog catalog(loop.get_executor(), store, clock, random);
  ItemStore items(store, clock);
  Sweeper sweeper(loop.get_executor(), catalog, items, clock, Millis(1000));
  Table wanted;
  wanted.account = AccountId("000000000000");
  wanted.region = "us-east-1";
  wanted.name = TableName("sessions");
  wanted.key = {{"id", Type::kString}, {}};
  wanted.ttl_attribute = "ends";
  wanted.stream = StreamView::kKeysOnly;
  const auto table = async::testing::run(loop, [&] { return catalog.create(wanted); });
  ASSERT_TRUE(table);
  const auto now = to_epoch_ms(clock.now()) / 1000;
  const auto put = [&](const std::string& id, std::int64_t ends) {
    Write write{.kind = Write::Kind::kPut, .table = **table};
    write.item = {{"id", Value{id}}, {"ends", seconds(ends)}};
    return async::testing::run(loop, [&] { return items.write(write); });
  };
  ASSERT_TRUE(put("old", now - 1));
  ASSERT_TRUE(put("new", now + 100));
  ASSERT_TRUE(async::testing::run(loop, [&] { return sweeper.sweep(); }));
  const auto page = async::testing::run(loop, [&] { return items.page({.table = **table}); });
  ASSERT_TRUE(page);
  ASSERT_EQ(page->items.size(), 1u);
  EXPECT_EQ(page->items[0].at("id"), Value{std::string("new")});
  const auto counts = sweeper.counts((*table)->id);
  EXPECT_EQ(counts.at(""), (ItemStore::Count{1, size_of(page->items[0])}));
  const StreamName stream{(*table)->id, (*table)->stream_label};
  const auto records = async::testing::run(loop, [&] { return items.records(stream, 0, 10); });
  ASSERT_TRUE(records);
  ASSERT_EQ(records->records.size(), 3u);
  EXPECT_EQ(records->records.back().cause, Cause::kExpiry);
}

}  // namespace
}  // namespace gust::tables
