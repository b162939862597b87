// Restores to a time, against a map that has all that ever was.
#include "tables/backups/protection_testing.h"

#include <map>
#include <random>

namespace gust::tables {
namespace {

using namespace testing;

using Model = std::map<std::pair<std::string, std::string>, Item>;

class RestoresTest : public ProtectionTest {
 protected:
  std::size_t draw(std::size_t n) { return engine_() % n; }
  Item random_key() { return key(std::string(1, static_cast<char>('a' + draw(6))), std::to_string(draw(8))); }
  Item random_item() {
    auto out = random_key();
    if (draw(3) > 0) out["n"] = number(static_cast<int>(draw(4)));
    out["v"] = number(static_cast<int>(draw(1000)));
    return out;
  }
  static std::pair<std::string, std::string> name_of(const Item& item) {
    return {*item.at("pk").as<std::string>(), *item.at("sk").as<std::string>()};
  }
  static std::vector<Item> items_of(const Model& model, std::string_view with = "pk") {
    std::vector<Item> out;
    for (const auto& [name, item] : model) {
      if (item.contains(with)) out.push_back(item);
    }
    return out;
  }
  using ProtectionTest::items_of;

  // One item, or some in a transaction.
  std::vector<Write> random_writes() {
    std::vector<Write> out;
    std::set<std::pair<std::string, std::string>> names;
    for (auto left = 1 + draw(3); left > 0; --left) {
      auto one = random_item();
      if (!names.insert(name_of(one)).second) continue;
      if (draw(4) == 0) {
        out.push_back(erase_of(key(name_of(one).first, name_of(one).second)));
      } else {
        out.push_back(put_of(std::move(one)));
      }
    }
    return out;
  }
  static void apply(const std::vector<Write>& writes, Model& model) {
    for (const auto& one : writes) {
      if (one.kind == Write::Kind::kDelete) {
        model.erase(name_of(one.key));
      } else {
        model[name_of(one.item)] = one.item;
      }
    }
  }
  void write_some(int n) {
    for (int i = 0; i < n; ++i) {
      const auto writes = random_writes();
      ASSERT_TRUE(run(loop_, [&] { return items_->transact(writes, nullptr); }));
      apply(writes, model_);
      was_[clock_.now()] = model_;
      clock_.advance(Millis(draw(3) == 0 ? 0 : draw(1500)));
    }
  }
  // What was there at the end of that millisecond.
  const Model& at_time(WallTime time) const { return std::prev(was_.upper_bound(time))->second; }

  Result<Catalog::Known> restore(std::optional<WallTime> time, std::string name) {
    return run(loop_, [&] { return restores_->to_time(at("source"), time, as(name)); });
  }
  void expect_restored(std::string name, const Model& model) {
    const auto table = active(name);
    ASSERT_EQ(items_of(table), items_of(model));
    ASSERT_EQ(items_of(table, "by-n"), items_of(model, "n"));
  }

  std::mt19937_64 engine_{std::random_device()()};
  Model model_;
  std::map<WallTime, Model> was_;
};
INSTANTIATE_TEST_SUITE_P(Stores, RestoresTest, twins(), twin_name);

TEST_P(RestoresTest, ATableIsAsItWasAtAnyTime) {
  const auto seed = std::random_device()();
  SCOPED_TRACE(seed);
  engine_.seed(seed);
  create("source");
  write_some(30);
  set_recovery(35);
  was_.clear();
  was_[clock_.now()] = model_;
  const auto begin = clock_.now();
  start();
  for (int round = 0; round < 12; ++round) {
    write_some(15);
    if (round == 5) restart(), start();
    const auto span = (clock_.now() - begin).count();
    const auto time = begin + Millis(draw(static_cast<std::size_t>(span) + 1));
    const auto name = "restored" + std::to_string(round);
    const auto wanted = at_time(time);
    const auto begun = restore(time, name);
    ASSERT_TRUE(begun) << begun.error().message;
    // While it is restored writes go on, and the time is that which was asked for.
    write_some(5);
    wait_for_jobs();
    expect_restored(name, wanted);
    EXPECT_EQ((*begun)->restored->at, time);
  }
  const auto now = model_;
  ASSERT_TRUE(restore({}, "latest"));
  write_some(5);
  wait_for_jobs();
  expect_restored("latest", now);
}

TEST_P(RestoresTest, WritesAtTheSameTimeAreWholeInARestore) {
  create("source");
  set_recovery(35);
  start();
  async::TaskGroup group(loop_.get_executor(), "writers");
  int going = 3;
  bool enough = false;
  const auto writer = [&](int id) -> Task<void> {
    for (int n = 0; !enough; ++n) {
      std::vector<Write> pair;
      for (const auto* sk : {"left", "right"})
        pair.push_back(put_of(item("w" + std::to_string(id), sk, {{"n", number(n)}})));
      const auto done = co_await items_->transact(pair, nullptr);
      EXPECT_TRUE(done) << done.error().message;
    }
    --going;
    co_return Result<void>();
  };
  for (int id = 0; id < 3; ++id) group.spawn(writer(id));
  for (int i = 0; i < 5; ++i) {
    const auto name = "restored" + std::to_string(i);
    clock_.advance(Millis(7));
    ASSERT_TRUE(restore(i % 2 == 0 ? std::nullopt : std::optional(clock_.now() - Millis(3)), name));
    wait_for_jobs();
    std::map<std::string, std::set<Number>> seen;
    std::map<std::string, int> sides;
    for (const auto& one : items_of(active(name))) {
      seen[*one.at("pk").as<std::string>()].insert(*one.at("n").as<Number>());
      ++sides[*one.at("pk").as<std::string>()];
    }
    for (const auto& [id, numbers] : seen) {
      EXPECT_EQ(numbers.size(), 1u) << id;
      EXPECT_EQ(sides[id], 2) << id;
    }
  }
  enough = true;
  wait_for([&] { return going == 0; });
  ASSERT_TRUE(run(loop_, [&] { return group.stop(); }));
}

TEST_P(RestoresTest, OnlyTimesOfTheWindowAreTaken) {
  create("source");
  EXPECT_EQ(restore({}, "none").error().source, "recovery");
  EXPECT_EQ(restore({}, "none").error().message, "Point in time recovery is not enabled for table 'source'");
  set_recovery(2);
  const auto since = clock_.now();
  EXPECT_EQ(restore(since - Millis(1), "none").error().source, "time");
  EXPECT_EQ(restore(since + Millis(1), "none").error().source, "time");
  clock_.advance(std::chrono::days(3));
  EXPECT_EQ(restore(clock_.now() - std::chrono::days(2) - Millis(1), "none").error().source, "time");
  ASSERT_TRUE(restore(clock_.now() - std::chrono::days(2), "first"));
  ASSERT_TRUE(restore(clock_.now(), "last"));
  EXPECT_EQ(restore({}, "last").error().code, Code::kAlreadyExists);
  // What was given up is not got back.
  const auto earliest = restores_->window(*table_.recovery).earliest;
  set_recovery(35);
  EXPECT_EQ(restores_->window(*table_.recovery).earliest, earliest);
  set_recovery({});
  EXPECT_EQ(restore({}, "none").error().source, "recovery");
  set_recovery(35);
  EXPECT_EQ(restores_->window(*table_.recovery).earliest, clock_.now());
  EXPECT_EQ(run(loop_, [&] { return restores_->to_time(at("no-such"), {}, as("none")); }).error().source,
            "source table");
}

TEST_P(RestoresTest, HistoryIsTrimmedBehindTheWindow) {
  create("source");
  set_recovery(1);
  was_[clock_.now()] = model_;
  for (int day = 0; day < 4; ++day) {
    write_some(10);
    clock_.advance(std::chrono::hours(12));
  }
  const auto rows = row_count("t/h/");
  ASSERT_TRUE(run(loop_, [&] { return sweeper_->sweep(); }));
  EXPECT_LT(row_count("t/h/"), rows);
  EXPECT_GT(row_count("t/h/"), 0u);
  start();
  const auto earliest = restores_->window(*table_.recovery).earliest;
  ASSERT_TRUE(restore(earliest, "first"));
  wait_for_jobs();
  expect_restored("first", at_time(earliest));
  set_recovery({});
  ASSERT_TRUE(run(loop_, [&] { return sweeper_->sweep(); }));
  EXPECT_EQ(row_count("t/h/"), 0u);
}

TEST_P(RestoresTest, AClockThatIsSetBackLosesNoOrder) {
  create("source");
  set_recovery(35);
  ASSERT_TRUE(put(item("a", "s", {{"v", number(1)}})));
  clock_.advance(Millis(10'000));
  ASSERT_TRUE(put(item("a", "s", {{"v", number(2)}})));
  clock_.advance(Millis(-5'000));
  restart();
  start();
  ASSERT_TRUE(put(item("a", "s", {{"v", number(3)}})));
  ASSERT_TRUE(restore({}, "latest"));
  ASSERT_TRUE(put(item("a", "s", {{"v", number(4)}})));
  wait_for_jobs();
  EXPECT_EQ(items_of(active("latest"))[0].at("v"), number(3));
}

}  // namespace
}  // namespace gust::tables
