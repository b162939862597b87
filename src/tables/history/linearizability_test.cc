// Histories of one item that are right, and wrong ones of each kind, which must be found.
#include "tables/history/linearizability.h"

#include "tables/history/item_model.h"

#include <gtest/gtest.h>

#include <random>

namespace gust::tables::history {
namespace {

using Kind = ItemModel::Kind;
using If = ItemModel::If;
using State = ItemModel::State;

ItemEvent event(Moment called, Moment returned, ItemModel::Call call, ItemModel::Answer answer = {}) {
  return {call, std::move(answer), called, returned};
}
ItemEvent unknown(Moment called, Moment returned, ItemModel::Call call) { return {call, {}, called, returned}; }
ItemEvent read(Moment called, Moment returned, State state) {
  return event(called, returned, {Kind::kGet}, {true, std::move(state)});
}
ItemEvent put(Moment called, Moment returned, std::int64_t value) {
  return event(called, returned, {Kind::kPut, value});
}
State value(std::int64_t value) { return ItemState{value}; }

bool is_right(std::vector<ItemEvent> events) { return !not_linearizable(std::move(events)); }

TEST(Linearizability, OneAfterAnother) {
  EXPECT_TRUE(is_right({}));
  EXPECT_TRUE(is_right({put(0, 1, 1), read(2, 3, value(1)), put(4, 5, 2), read(6, 7, value(2))}));
  EXPECT_FALSE(is_right({put(0, 1, 1), put(2, 3, 2), read(4, 5, value(1))}));
  EXPECT_FALSE(is_right({put(0, 1, 1), read(2, 3, std::nullopt)}));
  EXPECT_FALSE(is_right({read(0, 1, value(1)), put(2, 3, 1)}));
}

TEST(Linearizability, WhatOverlapsMayBeInAnyOrder) {
  EXPECT_TRUE(is_right({put(0, 10, 1), put(0, 10, 2), read(11, 12, value(1))}));
  EXPECT_TRUE(is_right({put(0, 10, 1), put(0, 10, 2), read(11, 12, value(2))}));
  EXPECT_TRUE(is_right({put(0, 10, 1), read(2, 3, std::nullopt), read(4, 5, value(1))}));
}

TEST(Linearizability, AStaleReadIsFound) {
  EXPECT_FALSE(is_right({put(0, 10, 1), read(2, 3, value(1)), read(4, 5, std::nullopt)}));
  // Two readers that see two writes in two orders.
  EXPECT_FALSE(is_right({put(0, 20, 1), put(0, 20, 2), read(1, 2, value(1)), read(3, 4, value(2)), read(5, 6, value(1)),
                         read(7, 8, value(2))}));
}

TEST(Linearizability, ALostUpdateIsFound) {
  const auto add = [](Moment called, Moment returned, std::int64_t count) {
    return event(called, returned, {Kind::kAdd, 1}, {true, {}, State(ItemState{0, count})});
  };
  EXPECT_TRUE(is_right({add(0, 10, 1), add(0, 10, 2), add(5, 12, 3)}));
  EXPECT_FALSE(is_right({add(0, 10, 1), add(0, 10, 1)}));
  const auto append = [](Moment called, Moment returned, std::vector<std::int64_t> list) {
    const auto last = list.back();
    return event(called, returned, {Kind::kAppend, last}, {true, {}, State(ItemState{0, 0, std::move(list)})});
  };
  EXPECT_TRUE(is_right({append(0, 10, {1}), append(0, 10, {1, 2})}));
  EXPECT_FALSE(is_right({append(0, 10, {1}), append(0, 10, {2})}));
}

TEST(Linearizability, ConditionsMustHaveHeld) {
  const ItemModel::Call put_new{Kind::kPut, 1, If::kAbsent};
  EXPECT_TRUE(is_right({event(0, 10, put_new), event(0, 10, put_new, {false, value(1)})}));
  EXPECT_FALSE(is_right({event(0, 10, put_new), event(0, 10, put_new)}));
  EXPECT_FALSE(is_right({event(0, 10, put_new, {false})}));
  // Compare and set: only one of two may win, and who loses was told what was there.
  const auto swap = [](std::int64_t from, std::int64_t to) {
    return ItemModel::Call{Kind::kSet, to, If::kValueIs, from};
  };
  EXPECT_TRUE(is_right({put(0, 1, 1), event(2, 10, swap(1, 2)), event(2, 10, swap(1, 3), {false, value(2)})}));
  EXPECT_FALSE(is_right({put(0, 1, 1), event(2, 10, swap(1, 2)), event(2, 10, swap(1, 3), {false, value(1)})}));
  EXPECT_FALSE(is_right({put(0, 1, 1), event(2, 10, swap(1, 2)), event(2, 10, swap(1, 3))}));
}

TEST(Linearizability, WhatWasReturnedOfADeleteCounts) {
  const auto erase = [](Moment called, Moment returned, State before) {
    return event(called, returned, {Kind::kDelete}, {true, std::move(before), State()});
  };
  EXPECT_TRUE(is_right({put(0, 1, 1), erase(2, 9, value(1)), erase(2, 9, std::nullopt)}));
  EXPECT_FALSE(is_right({put(0, 1, 1), erase(2, 9, value(1)), erase(2, 9, value(1))}));
}

TEST(Linearizability, WhatIsNotKnownMayHaveHappenedUntilItsEnd) {
  const ItemModel::Call one{Kind::kPut, 1};
  EXPECT_TRUE(is_right({unknown(0, 5, one), read(6, 7, std::nullopt)}));
  EXPECT_TRUE(is_right({unknown(0, 5, one), read(6, 7, value(1))}));
  EXPECT_TRUE(is_right({unknown(0, 5, one), read(1, 2, std::nullopt), read(3, 4, value(1))}));
  EXPECT_FALSE(is_right({unknown(0, 5, one), read(1, 2, value(1)), read(3, 4, std::nullopt)}));
  // After its end it cannot come any more, without an end it can.
  EXPECT_FALSE(is_right({unknown(0, 5, one), read(6, 7, std::nullopt), read(8, 9, value(1))}));
  EXPECT_TRUE(is_right({unknown(0, kNever, one), read(6, 7, std::nullopt), read(8, 9, value(1))}));
  // And never twice.
  EXPECT_FALSE(is_right({unknown(0, kNever, one), read(6, 7, value(1)), put(8, 9, 2), read(10, 11, value(1))}));
}

TEST(Linearizability, AnAppendThatHappenedTwiceIsFound) {
  const ItemModel::Call append{Kind::kAppend, 1};
  EXPECT_TRUE(is_right({unknown(0, kNever, append), read(1, 2, ItemState{0, 0, {1}})}));
  EXPECT_FALSE(is_right({unknown(0, kNever, append), read(1, 2, ItemState{0, 0, {1, 1}})}));
}

TEST(Linearizability, SaysWhatDoesNotFit) {
  const auto said = not_linearizable<ItemModel>({put(0, 1, 1), put(2, 3, 2), read(4, 5, value(1))});
  ASSERT_TRUE(said);
  EXPECT_NE(said->find("of 3 operations 2 fit"), std::string::npos) << *said;
  const std::string_view rest = "then it is (2, 0, []), and these do not fit:\n  client 0 [4, 5] get 0: done";
  EXPECT_NE(said->find(rest), std::string::npos) << *said;
}

// Random clients of an item whose operations really happen at a moment between call and answer; and the same with one
// answer of one of them turned wrong.
class RandomHistory {
 public:
  explicit RandomHistory(unsigned seed) : engine_(seed) {}

  std::vector<ItemEvent> make(int operations) {
    std::vector<std::pair<Moment, ItemEvent>> at;  // by when they happen
    std::vector<Moment> free(5, 0);
    for (int i = 0; i < operations; ++i) {
      const auto client = draw(free.size());
      const auto called = free[client] + 1 + static_cast<Moment>(draw(10));
      const auto happens = called + static_cast<Moment>(draw(20)), returned = happens + static_cast<Moment>(draw(20));
      free[client] = returned;
      at.push_back({happens, {random_call(i + 1), {}, called, returned, static_cast<int>(client)}});
    }
    std::ranges::stable_sort(at, {}, &std::pair<Moment, ItemEvent>::first);
    State state;
    std::vector<ItemEvent> out;
    for (auto& [happens, event] : at) {
      const bool held = ItemModel::holds(state, event.call);
      const auto before = state;
      if (draw(12) == 0) {  // never answered, and maybe it did not happen
        if (held && draw(2) == 0) state = ItemModel::after(state, event.call);
      } else {
        if (held) state = ItemModel::after(state, event.call);
        event.answer = ItemModel::Answer{held, before, state};
      }
      out.push_back(std::move(event));
    }
    return out;
  }

  std::size_t draw(std::size_t n) { return engine_() % n; }

 private:
  ItemModel::Call random_call(std::int64_t number) {
    const Kind kinds[] = {Kind::kGet, Kind::kGet, Kind::kPut, Kind::kDelete, Kind::kSet, Kind::kAdd, Kind::kAppend};
    const If conditions[] = {If::kAlways, If::kAlways, If::kThere, If::kAbsent, If::kValueIs};
    ItemModel::Call out{kinds[draw(7)], number};
    if (out.kind != Kind::kGet) out.condition = conditions[draw(5)];
    out.expected = static_cast<std::int64_t>(draw(10)) + 1;
    return out;
  }

  std::mt19937_64 engine_;
};

TEST(Linearizability, RandomHistoriesAreRightAndFoundWhenSpoiled) {
  int found = 0;
  for (unsigned seed = 0; seed < 300; ++seed) {
    RandomHistory random(seed);
    auto events = random.make(60);
    ASSERT_TRUE(is_right(events)) << seed << ": " << *not_linearizable(events);
    auto& spoiled = events[random.draw(events.size())];
    if (!spoiled.answer) continue;
    spoiled.answer->before = value(1'000);  // which nobody put
    ASSERT_FALSE(is_right(events)) << seed;
    ++found;
  }
  EXPECT_GT(found, 200);
}

}  // namespace
}  // namespace gust::tables::history
