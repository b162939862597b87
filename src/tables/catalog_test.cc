#include "tables/catalog.h"

#include "async/testing.h"
#include "kv/memory/memory_store.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

const AccountId kAccount("000000000000");

Table wanted(const std::string& name) {
  Table out;
  out.account = kAccount;
  out.region = "us-east-1";
  out.name = TableName(name);
  out.key = {{"id", Type::kString}, KeyAttribute{"at", Type::kNumber}};
  return out;
}

Place at(const std::string& name, const std::string& region = "us-east-1") {
  return {kAccount, region, TableName(name)};
}

class CatalogTest : public testing::Test {
 protected:
  template <typename F>
  auto run(F make_task) {
    return async::testing::run(loop_, std::move(make_task));
  }
  auto create(Table table) {
    return run([&] { return catalog_.create(std::move(table)); });
  }
  auto find(Place place) {
    return run([&] { return catalog_.find(std::move(place)); });
  }
  auto update(Place place, Catalog::Change change) {
    return run([&] { return catalog_.update(std::move(place), std::move(change)); });
  }
  auto remove(Place place) {
    return run([&] { return catalog_.remove(std::move(place)); });
  }
  auto works() {
    return run([&] { return catalog_.works(); });
  }

  async::asio::io_context loop_;
  kv::MemoryStore store_;
  env::FakeClock clock_;
  env::SeededRandom random_{1};
  Catalog catalog_{loop_.get_executor(), store_, clock_, random_};
};

TEST_F(CatalogTest, ATableIsAsItWasDeclared) {
  auto table = wanted("music");
  table.indexes = {{.name = "by-year", .key = {{"year", Type::kNumber}, {}}, .projected = Projected::kInclude,
                    .included = {"a", "b"}, .throughput = {3, 4}}};
  table.billing = BillingMode::kProvisioned;
  table.throughput = {1, 2};
  table.stream = StreamView::kOldImage;
  table.tags = {{"k", "v"}};
  table.deletion_protection = true;
  ASSERT_TRUE(create(table));
  const auto found = find(at("music"));
  ASSERT_TRUE(found);
  const auto& t = **found;
  EXPECT_EQ(t.name, table.name);
  EXPECT_EQ(t.id.size(), 36u);
  EXPECT_EQ(t.key, table.key);
  ASSERT_EQ(t.indexes.size(), 1u);
  EXPECT_EQ(t.indexes[0].key, table.indexes[0].key);
  EXPECT_EQ(t.indexes[0].included, table.indexes[0].included);
  EXPECT_EQ(t.indexes[0].throughput.write, 4u);
  EXPECT_EQ(t.throughput.read, 1u);
  EXPECT_EQ(t.stream, StreamView::kOldImage);
  EXPECT_EQ(t.stream_label, "2023-11-14T22:13:20.000");
  EXPECT_EQ(t.tags, table.tags);
  EXPECT_EQ(find(at("music", "eu-west-1")).error().code, Code::kNotFound);
  EXPECT_EQ(create(table).error().message, "Table already exists: music");
}

TEST_F(CatalogTest, NamesComeInPages) {
  for (const auto* name : {"ccc", "aaa", "bbb"}) ASSERT_TRUE(create(wanted(name)));
  const auto first = run([&] { return catalog_.list(kAccount, "us-east-1", "", 2); });
  ASSERT_TRUE(first);
  EXPECT_EQ(first->names, (std::vector{TableName("aaa"), TableName("bbb")}));
  EXPECT_TRUE(first->more);
  const auto second = run([&] { return catalog_.list(kAccount, "us-east-1", "bbb", 2); });
  EXPECT_EQ(second->names, (std::vector{TableName("ccc")}));
  EXPECT_FALSE(second->more);
}

TEST_F(CatalogTest, AChangeIsSeenAtOnceAndAProtectedTableStays) {
  ASSERT_TRUE(create(wanted("music")));
  ASSERT_TRUE(find(at("music")));
  ASSERT_TRUE(update(at("music"), [](Table& t) -> Result<void> {
    t.deletion_protection = true;
    return {};
  }));
  EXPECT_TRUE((*find(at("music")))->deletion_protection);
  EXPECT_EQ(remove(at("music")).error().source, "protected");
  ASSERT_TRUE(update(at("music"), [](Table& t) -> Result<void> {
    t.deletion_protection = false;
    return {};
  }));
  ASSERT_TRUE(remove(at("music")));
  EXPECT_EQ(find(at("music")).error().code, Code::kNotFound);
}

TEST_F(CatalogTest, WhatIsDeletedLeavesWork) {
  ASSERT_TRUE(create(wanted("music")));
  const auto id = (*find(at("music")))->id;
  ASSERT_TRUE(remove(at("music")));
  ASSERT_TRUE(create(wanted("music")));  // another of its name
  const auto works_now = works();
  ASSERT_EQ(works_now->size(), 1u);
  const auto& work = works_now->front();
  EXPECT_EQ(work.kind, Work::Kind::kDropTable);
  EXPECT_EQ(work.table.id, id);
  ASSERT_TRUE(run([&] { return catalog_.finish(work); }));
  EXPECT_TRUE(works()->empty());
  EXPECT_TRUE(find(at("music")));
}

TEST_F(CatalogTest, AnIndexThatIsAddedIsFilledAndThenActive) {
  ASSERT_TRUE(create(wanted("music")));
  const auto add = [](Table& t) -> Result<void> {
    t.indexes.push_back({.name = "by-year", .key = {{"year", Type::kNumber}, {}}, .status = Status::kCreating});
    return {};
  };
  ASSERT_TRUE(update(at("music"), add));
  auto work = works()->at(0);
  EXPECT_EQ(work.kind, Work::Kind::kFillIndex);
  ASSERT_TRUE(run([&] { return catalog_.finish(work); }));
  EXPECT_EQ((*find(at("music")))->indexes[0].status, Status::kActive);

  ASSERT_TRUE(update(at("music"), [](Table& t) -> Result<void> {
    t.indexes.clear();
    return {};
  }));
  work = works()->at(0);
  EXPECT_EQ(work.kind, Work::Kind::kDropIndex);
  EXPECT_EQ(update(at("music"), add).error().source, "index");
  ASSERT_TRUE(run([&] { return catalog_.finish(work); }));
  EXPECT_TRUE(update(at("music"), add));
}

TEST_F(CatalogTest, AnIndexDeletedWhileItIsFilledKeepsTheWorkOfRemovingIt) {
  ASSERT_TRUE(create(wanted("music")));
  ASSERT_TRUE(update(at("music"), [](Table& t) -> Result<void> {
    t.indexes.push_back({.name = "by-year", .key = {{"year", Type::kNumber}, {}}, .status = Status::kCreating});
    return {};
  }));
  const auto fill = works()->at(0);
  ASSERT_TRUE(update(at("music"), [](Table& t) -> Result<void> {
    t.indexes.clear();
    return {};
  }));
  ASSERT_TRUE(run([&] { return catalog_.finish(fill); }));
  ASSERT_EQ(works()->size(), 1u);
  EXPECT_EQ(works()->at(0).kind, Work::Kind::kDropIndex);
}

TEST(TableRow, KeepsWhatATableWasSetTo) {
  Table table;
  table.account = AccountId("000000000000");
  table.region = "us-east-1";
  table.name = TableName("t");
  table.id = "id";
  table.key.hash = {"a", Type::kString};
  const auto at = from_epoch_ms(1'700'000'000'123);
  table.throughput = {.read = 3, .write = 4, .increased_at = at, .decreased_at = at, .decreases = 2};
  table.on_demand = {.read = 5, .write = 6};
  table.on_demand_since = at;
  table.table_class = TableClass::kInfrequentAccess;
  table.class_changed_at = at;
  table.policy = {"{}", "1"};
  Index index{.name = "i", .key = table.key};
  index.on_demand.write = 7;
  table.indexes = {index};
  const auto row = table_rows::encode(table);
  const auto back = table_rows::decode_table(row).value();
  EXPECT_EQ(table_rows::encode(back), row);
  EXPECT_EQ(back.throughput.decreases, 2u);
  EXPECT_EQ(back.throughput.decreased_at, at);
  EXPECT_EQ(back.on_demand.read, 5u);
  EXPECT_EQ(back.on_demand_since, at);
  EXPECT_EQ(back.table_class, TableClass::kInfrequentAccess);
  EXPECT_EQ(back.policy->revision, "1");
  EXPECT_EQ(back.indexes[0].on_demand.write, 7u);

  // What an earlier version wrote is as for every table.
  Table plain = table;
  plain.throughput = {};
  plain.on_demand = plain.indexes[0].on_demand = {};
  plain.on_demand_since = plain.class_changed_at = std::nullopt;
  plain.table_class = TableClass::kStandard;
  plain.policy.reset();
  const auto old = table_rows::encode(plain);
  for (const auto* name : {"most_read", "most_write", "decreases", "increased", "on_demand_since", "policy"})
    EXPECT_FALSE(old.contains(name)) << name;
  EXPECT_FALSE(table_rows::decode_table(old)->policy);
}

}  // namespace
}  // namespace gust::tables
