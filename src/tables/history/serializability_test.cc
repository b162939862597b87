// Histories of transactions that are right, and one of each anomaly, which must be found.
#include "tables/history/serializability.h"

#include <gtest/gtest.h>

#include <random>

namespace gust::tables::history {
namespace {

using Outcome = Transaction::Outcome;
using Reads = std::map<std::string, Elements>;
using Appends = std::map<std::string, std::int64_t>;

// All at once, unless they say when.
Transaction did(Reads reads, Appends appends = {}, Outcome outcome = Outcome::kDone) {
  return {std::move(reads), std::move(appends), outcome, 0, 100};
}
Transaction at(Moment called, Moment returned, Transaction transaction) {
  transaction.called = called;
  transaction.returned = returned;
  return transaction;
}

std::string said(std::vector<Transaction> transactions) {
  return not_serializable(std::move(transactions)).value_or("");
}
bool has_cycle(std::vector<Transaction> transactions) { return said(std::move(transactions)).starts_with("a cycle"); }

TEST(Serializability, WhatIsRight) {
  EXPECT_EQ(said({}), "");
  EXPECT_EQ(said({did({}, {{"x", 1}, {"y", 2}}), did({{"x", {1}}, {"y", {2}}}), did({{"x", {}}, {"y", {}}})}), "");
  EXPECT_EQ(said({did({{"x", {}}}, {{"y", 1}}), did({{"y", {1}}}, {{"x", 2}}), did({{"x", {2}}, {"y", {1}}})}), "");
  EXPECT_EQ(said({did({}, {{"x", 1}}), did({}, {{"x", 2}}), did({}, {{"x", 3}}), did({{"x", {2, 3, 1}}})}), "");
}

TEST(Serializability, ALostUpdateIsFound) {
  // Both saw the empty list and appended; one append is gone.
  EXPECT_TRUE(has_cycle({did({{"x", {}}}, {{"x", 1}}), did({{"x", {}}}, {{"x", 2}}), did({{"x", {1}}})}));
  EXPECT_TRUE(has_cycle({did({{"x", {}}}, {{"x", 1}}), did({{"x", {}}}, {{"x", 2}}), did({{"x", {1, 2}}})}));
  // An append that was acknowledged is not in what was read afterwards.
  EXPECT_EQ(said({at(0, 1, did({}, {{"x", 1}})), at(1, 3, did({{"x", {}}}))}), "");
  EXPECT_TRUE(has_cycle({at(0, 1, did({}, {{"x", 1}})), at(2, 3, did({{"x", {}}}))}));
  EXPECT_TRUE(has_cycle({at(0, 1, did({}, {{"x", 1}})), at(2, 3, did({}, {{"x", 2}})), at(4, 5, did({{"x", {2}}}))}));
}

TEST(Serializability, WriteSkewIsFound) {
  // Each saw that the other had not written.
  EXPECT_TRUE(has_cycle({did({{"x", {}}, {"y", {}}}, {{"x", 1}}), did({{"x", {}}, {"y", {}}}, {{"y", 2}}),
                         did({{"x", {1}}, {"y", {2}}})}));
  EXPECT_EQ(said({did({{"x", {}}, {"y", {}}}, {{"x", 1}}), did({{"x", {1}}, {"y", {}}}, {{"y", 2}}),
                  did({{"x", {1}}, {"y", {2}}})}),
            "");
}

TEST(Serializability, AFracturedReadIsFound) {
  EXPECT_TRUE(has_cycle({did({}, {{"x", 1}, {"y", 2}}), did({{"x", {1}}, {"y", {}}}), did({{"x", {1}}, {"y", {2}}})}));
  // Two readers that see two writes in two orders.
  EXPECT_TRUE(has_cycle({did({}, {{"x", 1}}), did({}, {{"y", 2}}), did({{"x", {1}}, {"y", {}}}),
                         did({{"x", {}}, {"y", {2}}}), did({{"x", {1}}, {"y", {2}}})}));
  // Half of a transaction, which never has its other half.
  EXPECT_TRUE(has_cycle({at(0, 1, did({}, {{"x", 1}, {"y", 2}})), at(2, 3, did({{"x", {1}}, {"y", {}}}))}));
  EXPECT_TRUE(has_cycle({at(0, 1, did({}, {{"x", 1}, {"y", 2}}, Outcome::kUnknown)),
                         at(2, 3, did({{"x", {1}}, {"y", {}}}))}));
}

TEST(Serializability, WritesInTwoOrdersAreFound) {
  EXPECT_TRUE(has_cycle({did({}, {{"x", 1}, {"y", 1}}), did({}, {{"x", 2}, {"y", 2}}),
                         did({{"x", {1, 2}}}), did({{"y", {2, 1}}})}));
  EXPECT_NE(said({did({}, {{"x", 1}}), did({}, {{"x", 2}}), did({{"x", {1, 2}}}), did({{"x", {2, 1}}})})
                .find("are of no one order"),
            std::string::npos);
  EXPECT_NE(said({did({}, {{"x", 1}}), did({}, {{"x", 2}}), did({{"x", {1}}}), did({{"x", {2}}})})
                .find("are of no one order"),
            std::string::npos);
}

TEST(Serializability, ADirtyReadIsFound) {
  EXPECT_NE(said({did({}, {{"x", 1}}, Outcome::kFailed), did({{"x", {1}}})}).find("its transaction failed"),
            std::string::npos);
  EXPECT_EQ(said({did({}, {{"x", 1}}, Outcome::kFailed), did({{"x", {}}})}), "");
  EXPECT_EQ(said({did({}, {{"x", 1}}), did({{"x", {1, 7}}})}), "x: nobody appended 7");
}

TEST(Serializability, AnAppendThatHappenedTwiceIsFound) {
  EXPECT_EQ(said({did({}, {{"x", 1}}), did({{"x", {1, 1}}})}), "x: 1 is there twice");
  EXPECT_EQ(said({did({}, {{"x", 1}}), did({}, {{"x", 1}})}), "x: 1 is appended twice");
}

TEST(Serializability, AStaleReadIsFound) {
  const auto wrote = at(0, 1, did({}, {{"x", 1}}));
  EXPECT_TRUE(has_cycle({wrote, at(2, 3, did({{"x", {1}}})), at(4, 5, did({{"x", {}}}))}));
  // A write is in effect once anyone has seen it, though it has not returned.
  EXPECT_TRUE(has_cycle({at(0, 100, did({}, {{"x", 1}})), at(2, 3, did({{"x", {1}}})), at(4, 5, did({{"x", {}}}))}));
}

TEST(Serializability, WhatIsNotKnownMayHaveHappenedUntilItsEnd) {
  const auto maybe = at(0, 10, did({}, {{"x", 1}}, Outcome::kUnknown));
  EXPECT_EQ(said({maybe, at(11, 12, did({{"x", {}}}))}), "");
  EXPECT_EQ(said({maybe, at(11, 12, did({{"x", {1}}}))}), "");
  EXPECT_TRUE(has_cycle({maybe, at(11, 12, did({{"x", {}}})), at(13, 14, did({{"x", {1}}}))}));
  auto late = maybe;
  late.returned = kNever;
  EXPECT_EQ(said({late, at(11, 12, did({{"x", {}}})), at(13, 14, did({{"x", {1}}}))}), "");
}

TEST(Serializability, SaysWhichCycle) {
  const auto cycle = said({at(0, 1, did({}, {{"x", 1}})), at(2, 3, did({{"x", {}}}))});
  EXPECT_NE(cycle.find("which did not see (x)\n  client 0 [0, 1] append x+1\n"), std::string::npos) << cycle;
  EXPECT_NE(cycle.find("which had returned before\n  client 0 [2, 3] read x=[]\n"), std::string::npos) << cycle;
}

// Transactions that really run one after another, at moments between call and answer; then two that overlapped swap
// what they saw of one list, or one sees too little.
class RandomTransactions {
 public:
  explicit RandomTransactions(unsigned seed) : engine_(seed) {}
  std::size_t draw(std::size_t n) { return engine_() % n; }

  std::vector<Transaction> make(int count) {
    std::vector<std::pair<Moment, Transaction>> all;
    std::vector<Moment> free(5, 0);
    for (int i = 0; i < count; ++i) {
      const auto client = draw(free.size());
      Transaction one;
      one.client = static_cast<int>(client);
      one.called = free[client] + 1 + static_cast<Moment>(draw(10));
      const auto happens = one.called + static_cast<Moment>(draw(20));
      free[client] = one.returned = happens + static_cast<Moment>(draw(20));
      for (const auto* key : {"x", "y", "z"}) {
        if (draw(2) == 0) one.reads[key];
        if (draw(3) == 0) one.appends[key] = i + 1;
      }
      all.emplace_back(happens, std::move(one));
    }
    std::ranges::stable_sort(all, {}, [](const auto& one) { return one.first; });
    std::vector<Transaction> out;
    for (auto& [happens, one] : all) {
      if (draw(15) == 0) one.outcome = draw(2) == 0 ? Outcome::kFailed : Outcome::kUnknown;
      for (auto& [key, list] : one.reads) list = lists_[key];
      if (one.outcome == Outcome::kDone || (one.outcome == Outcome::kUnknown && draw(2) == 0)) {
        for (const auto& [key, element] : one.appends) lists_[key].push_back(element);
      }
      out.push_back(std::move(one));
    }
    Transaction last{lists_, {}, Outcome::kDone, 1'000'000, 1'000'001};
    out.push_back(std::move(last));
    return out;
  }

 private:
  std::mt19937_64 engine_;
  std::map<std::string, Elements> lists_;
};

TEST(Serializability, RandomHistoriesAreRightAndFoundWhenSpoiled) {
  int found = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomTransactions random(seed);
    const auto all = random.make(80);
    ASSERT_EQ(said(all), "") << seed;
    // The last read lacks what one list has last, which all saw that were done with it.
    auto spoiled = all;
    auto& list = spoiled.back().reads["x"];
    const auto writer = std::ranges::find_if(all, [&](const Transaction& one) {
      return one.appends.contains("x") && !list.empty() && one.appends.at("x") == list.back();
    });
    if (writer == all.end() || writer->outcome != Outcome::kDone) continue;
    list.pop_back();
    ASSERT_NE(said(spoiled), "") << seed;
    ++found;
  }
  EXPECT_GT(found, 200);
}

}  // namespace
}  // namespace gust::tables::history
