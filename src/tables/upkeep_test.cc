// Indexes that come and go while items are written, and tables that go.
#include "tables/shape.h"
#include "tables/testing.h"

#include <algorithm>

namespace gust::tables {
namespace {

using namespace testing;

class UpkeepTest : public TableTest {
 protected:
  void put_many(int n) {
    std::vector<Write> writes;
    for (int i = 0; i < n; ++i) writes.push_back(put_of(item("p" + std::to_string(i), "s", {{"n", number(i % 7)}})));
    ASSERT_TRUE(run(loop_, [&] { return items_->transact(writes, nullptr); }));
  }
  // As whoever declares tables does.
  Result<void> change(const Table& before) {
    const kv::Store::Body body = [&](kv::Transaction& tx) { return change_shape(tx, before, table_); };
    return run(loop_, [&] { return store_->transact(body); });
  }
  Result<void> backfill(std::string name) {
    return run(loop_, [&] { return items_->backfill(table_, name); });
  }
};
INSTANTIATE_TEST_SUITE_P(Stores, UpkeepTest, twins(), twin_name);

TEST_P(UpkeepTest, AnIndexIsFilled) {
  put_many(300);
  ASSERT_TRUE(put(item("none", "s")));
  ASSERT_TRUE(put(item("wrong", "s", {{"n", text("x")}})));
  table_.indexes = {index("by-n", {"n", Type::kNumber})};
  table_.indexes[0].status = Status::kCreating;
  EXPECT_EQ(page(query("by-n")).error().message, "Cannot read from backfilling global secondary index: by-n");
  for (int i = 0; i < 2; ++i) {
    const auto filled = backfill("by-n");
    ASSERT_TRUE(filled) << filled.error().message;
    EXPECT_EQ(row_count("t/x/"), 300u);
  }
  table_.indexes[0].status = Status::kActive;
  EXPECT_EQ(all(query("by-n")).size(), 300u);
  EXPECT_EQ(backfill("none").error().source, "index");
  EXPECT_TRUE(put(item("late", "s", {{"n", number(1)}})));
  EXPECT_EQ(row_count("t/x/"), 301u);
}

TEST_P(UpkeepTest, AnIndexIsFilledWhileItemsChange) {
  put_many(200);
  table_.indexes = {index("by-n", {"n", Type::kNumber})};
  async::TaskGroup group(loop_.get_executor(), "backfill");
  bool filled = false;
  const auto filler = [&]() -> Task<void> {
    const auto done = co_await items_->backfill(table_, "by-n");
    EXPECT_TRUE(done) << done.error().message;
    filled = true;
    co_return Result<void>{};
  };
  const auto writer = [&](int seed) -> Task<void> {
    for (int i = seed; !filled || i < seed + 50; ++i) {
      auto one = i % 3 == 0 ? erase_of(key("p" + std::to_string(i * 13 % 200), "s"))
                            : put_of(item("p" + std::to_string(i * 7 % 200), "s", {{"n", number(i)}}));
      const auto done = co_await items_->write(std::move(one));
      EXPECT_TRUE(done || done.error().source == "conflict");
    }
    co_return Result<void>{};
  };
  ASSERT_TRUE(run(loop_, [&]() -> Task<void> {
    group.spawn(filler());
    for (int n = 0; n < 4; ++n) group.spawn(writer(n * 1000));
    co_return co_await group.drain(SteadyTime::max());
  }));
  auto items = all(query()), indexed = all(query("by-n"));
  const auto by_key = [](const Item& a, const Item& b) {
    return *a.at("pk").as<std::string>() < *b.at("pk").as<std::string>();
  };
  std::ranges::sort(items, by_key);
  std::ranges::sort(indexed, by_key);
  EXPECT_EQ(items, indexed);
}

TEST_P(UpkeepTest, AnIndexIsDropped) {
  table_.indexes = {index("by-n", {"n", Type::kNumber}), index("stays", {"n", Type::kNumber})};
  put_many(300);
  table_.indexes[0].status = Status::kDeleting;
  EXPECT_EQ(page(query("by-n")).error().source, "index");
  ASSERT_TRUE(run(loop_, [&] { return items_->drop_index(table_, "by-n"); }));
  EXPECT_EQ(row_count("t/x/"), 300u);
  EXPECT_TRUE(put(item("new", "s", {{"n", number(1)}})));
  EXPECT_EQ(row_count("t/x/"), 301u);
  // One of the same name again, and otherwise made.
  table_.indexes[0] = index("by-n", {"n", Type::kNumber}, KeyAttribute{"sk", Type::kString});
  ASSERT_TRUE(backfill("by-n"));
  EXPECT_EQ(all(query("by-n")).size(), 301u);
}

TEST_P(UpkeepTest, AWriteMustFitTheShape) {
  const auto without = table_;
  const auto write_with = [&](const Table& table) {
    auto one = put_of(item("a", "1", {{"n", number(static_cast<int>(row_count("t/x/")))}}));
    one.table = table;
    const auto done = write(one);
    return done ? "done" : done.error().source;
  };
  auto with = without;
  with.indexes = {index("by-n", {"n", Type::kNumber})};
  EXPECT_EQ(write_with(without), "done");
  table_ = with;
  ASSERT_TRUE(change(without));
  EXPECT_EQ(write_with(without), "table");
  EXPECT_EQ(write_with(with), "done");
  ASSERT_TRUE(backfill("by-n"));
  auto another = with;
  another.indexes.push_back(index("another", {"n", Type::kNumber}));
  table_ = another;
  ASSERT_TRUE(change(with));
  EXPECT_EQ(write_with(with), "table");
  EXPECT_EQ(write_with(another), "done");
  // What is filled may be of a declaration before.
  table_ = with;
  EXPECT_TRUE(backfill("by-n"));
  table_ = another;
  table_.indexes[0].status = Status::kDeleting;
  ASSERT_TRUE(change(another));
  EXPECT_EQ(write_with(another), "table");
  EXPECT_EQ(write_with(table_), "done");
  ASSERT_TRUE(run(loop_, [&] { return items_->drop_index(table_, "by-n"); }));
  table_ = with;
  EXPECT_EQ(backfill("by-n").error(), (Error{Code::kNotFound, "Requested resource not found", "table"}));
  // One of the same name again, and otherwise made.
  table_ = another;
  table_.indexes[0] = index("by-n", {"n", Type::kNumber}, KeyAttribute{"sk", Type::kString});
  auto before = another;
  before.indexes.erase(before.indexes.begin());
  ASSERT_TRUE(change(before));
  EXPECT_EQ(write_with(another), "table");
  EXPECT_EQ(write_with(before), "table");
  EXPECT_EQ(write_with(table_), "done");
  const kv::Store::Body refuse = [&](kv::Transaction& tx) { return refuse_table(tx, table_); };
  ASSERT_TRUE(run(loop_, [&] { return store_->transact(refuse); }));
  EXPECT_EQ(put(item("a", "1")).error().code, Code::kNotFound);
  EXPECT_EQ(backfill("by-n").error().code, Code::kNotFound);
  EXPECT_EQ(write_with(table_), "table");
}

TEST_P(UpkeepTest, ItemsAreCounted) {
  table_.indexes = {index("by-n", {"n", Type::kNumber}), index("none", {"x", Type::kNumber})};
  put_many(500);
  std::uint64_t bytes = 0;
  for (const auto& item : all(query())) bytes += size_of(item);
  const auto counted = run(loop_, [&] { return items_->count(table_); });
  ASSERT_TRUE(counted);
  using Counts = std::map<std::string, ItemStore::Count>;
  EXPECT_EQ(*counted, (Counts{{"", {500, bytes}}, {"by-n", {500, bytes}}, {"none", {0, 0}}}));
}

TEST_P(UpkeepTest, ATableIsDropped) {
  table_.indexes = {index("by-n", {"n", Type::kNumber})};
  table_.stream = StreamView::kKeysOnly;
  table_.stream_label = "label";
  put_many(300);
  auto other = table_;
  other.id += "0";
  auto write_other = put_of(item("a", "1", {{"n", number(1)}}));
  write_other.table = other;
  ASSERT_TRUE(write(write_other));
  ASSERT_TRUE(run(loop_, [&] { return items_->drop(table_); }));
  EXPECT_EQ(row_count("t/i/"), 1u);
  EXPECT_EQ(row_count("t/x/"), 1u);
  EXPECT_EQ(row_count("t/s/"), 301u);
  ASSERT_TRUE(run(loop_, [&] { return items_->drop_stream(stream()); }));
  EXPECT_EQ(row_count("t/s/"), 1u);
}

}  // namespace
}  // namespace gust::tables
