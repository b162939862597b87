#include "tables/capacity.h"

#include <gtest/gtest.h>

namespace gust::tables {
namespace {

using namespace std::chrono_literals;
using Limit = Exceeded::Limit;

class CapacityTest : public testing::Test {
 protected:
  CapacityTest() {
    table_.id = "t";
    table_.billing = BillingMode::kProvisioned;
    table_.throughput = {.read = 5, .write = 1};
    Index global{.name = "g"}, local{.name = "l", .scope = Scope::kLocal};
    global.throughput = {.read = 2, .write = 1};
    table_.indexes = {global, local};
  }
  bool free(Units units, std::string_view index = {}) { return !meter_.check(table_, units, index); }
  void take(Units units, double of_table, std::map<std::string, double> indexes = {}) {
    meter_.take(table_, units, {of_table, std::move(indexes)});
  }

  std::string exhausted() {
    std::string out;
    for (const auto& one : meter_.exhausted(table_)) out += one.index;
    return out;
  }

  env::FakeClock clock_;
  CapacityMeter meter_{clock_};
  Table table_;
};

TEST_F(CapacityTest, FiveMinutesOfUnitsAndThenTheRate) {
  take(Units::kRead, 1499);
  EXPECT_TRUE(free(Units::kRead));
  take(Units::kRead, 1);
  const auto exceeded = meter_.check(table_, Units::kRead);
  ASSERT_TRUE(exceeded);
  EXPECT_EQ(exceeded->index, "");
  EXPECT_EQ(exceeded->limit, Limit::kProvisioned);
  EXPECT_TRUE(free(Units::kWrite)) << "reads and writes are apart";
  EXPECT_TRUE(free(Units::kRead, "g")) << "and so is an index";
  clock_.advance(1s);
  EXPECT_TRUE(free(Units::kRead));
  take(Units::kRead, 5);
  EXPECT_FALSE(free(Units::kRead));
  clock_.advance(1h);
  take(Units::kRead, 1500);
  EXPECT_FALSE(free(Units::kRead)) << "no more than five minutes are kept";
}

TEST_F(CapacityTest, WhatALargeRequestOwesIsPaidBack) {
  take(Units::kWrite, 310);
  EXPECT_FALSE(free(Units::kWrite));
  clock_.advance(9s);
  EXPECT_FALSE(free(Units::kWrite));
  clock_.advance(2s);
  EXPECT_TRUE(free(Units::kWrite));
}

TEST_F(CapacityTest, IndexesHaveTheirOwn) {
  take(Units::kWrite, 1, {{"g", 300}, {"l", 298}});
  EXPECT_EQ(exhausted(), "g");
  EXPECT_EQ(meter_.check(table_, Units::kWrite, "g")->index, "g");
  EXPECT_TRUE(free(Units::kWrite)) << "299 of 300";
  take(Units::kWrite, 0, {{"l", 1}});
  EXPECT_FALSE(free(Units::kWrite)) << "a local index uses the table's";
  EXPECT_FALSE(free(Units::kWrite, "l"));
}

TEST_F(CapacityTest, OnDemandIsLimitedWhereThatWasAsked) {
  table_.billing = BillingMode::kOnDemand;
  take(Units::kRead, 1e9, {{"g", 1e9}});
  EXPECT_TRUE(free(Units::kRead));
  table_.on_demand.read = 10;
  take(Units::kRead, 10);
  EXPECT_EQ(meter_.check(table_, Units::kRead)->limit, Limit::kOnDemand);
  EXPECT_TRUE(free(Units::kWrite));
  clock_.advance(100ms);
  EXPECT_TRUE(free(Units::kRead));
  table_.indexes[0].on_demand.write = 1;
  take(Units::kWrite, 1, {{"g", 1}});
  EXPECT_EQ(exhausted(), "g");
}

TEST_F(CapacityTest, MoreCapacityCountsAtOnce) {
  take(Units::kWrite, 305);
  EXPECT_FALSE(free(Units::kWrite));
  table_.throughput.write = 100;
  clock_.advance(100ms);
  EXPECT_TRUE(free(Units::kWrite));
}

}  // namespace
}  // namespace gust::tables
