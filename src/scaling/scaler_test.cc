// Targets, schedules and target tracking in simulated time.
#include "scaling/scaler.h"

#include "async/testing.h"
#include "codec/time_format.h"
#include "kv/memory/memory_store.h"
#include "scaling/registry.h"

#include <gmock/gmock.h>

#include <functional>
#include <map>

namespace gust::scaling {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;

WallTime utc(std::string_view text) { return codec::from_iso8601(text).value(); }

class FakeCapacity final : public Capacity {
 public:
  async::Task<std::uint32_t> get(Resource resource) override {
    if (!numbers.contains(resource)) co_return fail(Code::kNotFound, "there is no " + resource.id, "function");
    co_return numbers.at(resource);
  }
  async::Task<void> set(Resource resource, std::uint32_t number) override {
    ++sets;
    if (error && before_write) co_return std::unexpected(*error);
    numbers[resource] = number;
    if (error) co_return std::unexpected(*error);
    co_return Result<void>{};
  }

  std::map<Resource, std::uint32_t> numbers;
  std::optional<Error> error;  // of set()
  bool before_write = true;    // so that nothing is set either
  int sets = 0;
};

// So many invocations run at once.
class FakeUtilisation final : public Utilisation {
 public:
  explicit FakeUtilisation(FakeCapacity& capacity) : capacity_(capacity) {}
  async::Task<std::optional<double>> now(Resource resource) override {
    const auto found = capacity_.numbers.find(resource);
    if (found == capacity_.numbers.end() || found->second == 0) co_return std::nullopt;
    co_return std::min(1.0, load / found->second);
  }

  double load = 0;

 private:
  FakeCapacity& capacity_;
};

class ScalerTest : public ::testing::Test {
 protected:
  ScalerTest() {
    capacity_.numbers[resource_] = 0;
    start();
  }

  // As after a crash: nothing but the store is left.
  void start() {
    log_.emplace(clock_, random_);
    registry_.emplace(store_, clock_, random_, capacity_, *log_);
    scaler_.emplace(loop_.get_executor(), store_, clock_, capacity_, utilisation_, *log_, ScalerSettings{});
  }

  template <typename T>
  Result<T> run(async::Task<T> task) {
    return async::testing::run(loop_, [&]() { return std::move(task); });
  }
  Result<Target> put(TargetChange change) {
    auto put = run(registry_->put_target(resource_, std::move(change)));
    EXPECT_TRUE(run(scaler_->settle()));
    return put;
  }
  Result<ScheduledAction> at(std::string name, std::string schedule, std::optional<std::uint32_t> min,
                             std::optional<std::uint32_t> max, std::string zone = "") {
    ScheduledActionChange change;
    change.schedule = std::move(schedule);
    if (!zone.empty()) change.timezone = std::move(zone);
    change.bounds = {min, max};
    return run(registry_->put_action(resource_, std::move(name), std::move(change)));
  }
  Policy policy(double target = 0.7) {
    Policy out;
    out.resource = resource_;
    out.name = "track";
    out.target = target;
    return out;
  }
  void track(Policy policy) { ASSERT_TRUE(run(registry_->put_policy(std::move(policy)))); }

  std::uint32_t number() const { return capacity_.numbers.at(resource_); }
  void pass(Millis time, Millis step = std::chrono::seconds(10)) {
    for (const auto end = clock_.now() + time; clock_.now() < end;) {
      clock_.advance(step);
      const auto done = run(scaler_->tick());
      ASSERT_TRUE(done) << done.error().message;
    }
  }
  void minutes(int n, double load) {
    utilisation_.load = load;
    pass(std::chrono::minutes(n));
  }
  std::vector<Activity> activities() {
    return run(registry_->activities({resource_.account, {}, {}, "", 1000})).value().items;
  }

  async::asio::io_context loop_;
  kv::MemoryStore store_;
  env::FakeClock clock_{utc("2026-03-23T00:00:00Z")};  // a Monday
  env::SeededRandom random_{1};
  FakeCapacity capacity_;
  FakeUtilisation utilisation_{capacity_};
  Resource resource_{AccountId("000000000000"), "function:f:live"};
  std::optional<ActivityLog> log_;
  std::optional<Registry> registry_;
  std::optional<Scaler> scaler_;
};

TEST_F(ScalerTest, RegisteringBringsTheNumberIntoItsBounds) {
  ASSERT_TRUE(put({.min = 2, .max = 5}));
  EXPECT_EQ(number(), 2U);
  ASSERT_TRUE(put({.min = 0, .max = 1}));
  EXPECT_EQ(number(), 1U);
  ASSERT_TRUE(put({.max = 9}));
  EXPECT_EQ(number(), 1U);
  EXPECT_THAT(activities(), ElementsAre(AllOf(Field(&Activity::cause, "maximum capacity was set to 1"),
                                              Field(&Activity::status, Activity::Status::kSuccessful)),
                                        Field(&Activity::cause, "minimum capacity was set to 2")));
}

TEST_F(ScalerTest, RefusesWhatDoesNotFitAndWritesNothing) {
  EXPECT_THAT(put({.min = 2}).error().message, HasSubstr("both required"));
  EXPECT_THAT(put({.min = 3, .max = 2}).error().message, HasSubstr("cannot be less than minimum"));
  EXPECT_EQ(run(registry_->put_target({resource_.account, "function:g:1"}, {.min = 1, .max = 2})).error().code,
            Code::kInvalid);
  EXPECT_EQ(at("a", "rate(1 day)", 1, 2).error().source, "target");
  EXPECT_EQ(run(registry_->put_policy(policy())).error().source, "target");
  EXPECT_EQ(run(registry_->remove_target(resource_)).error().code, Code::kNotFound);
  EXPECT_TRUE(store_.snapshot()->scan(kv::Range::prefix("sc/"))->empty());

  ASSERT_TRUE(put({.min = 1, .max = 2}));
  EXPECT_EQ(at("a", "rate(1 day)", 3, 2).error().code, Code::kInvalid);
  EXPECT_THAT(at("a", "rate(1 day)", {}, {}).error().message, HasSubstr("At least one"));
  EXPECT_THAT(at("a", "at(2020-01-01T00:00:00)", 1, 2).error().message, HasSubstr("never due"));
  EXPECT_EQ(at("a", "rate(1 day)", 1, 2, "Nowhere").error().source, "timezone");
  EXPECT_TRUE(store_.snapshot()->scan(kv::Range::prefix("sc/a/"))->empty());
  EXPECT_TRUE(store_.snapshot()->scan(kv::Range::prefix("sc/d/"))->empty());
}

TEST_F(ScalerTest, LimitsAreKept) {
  ASSERT_TRUE(put({.min = 1, .max = 2}));
  for (std::size_t i = 0; i < Registry::kMaxActions; ++i)
    ASSERT_TRUE(at(std::to_string(i), "rate(1 day)", 1, 2));
  EXPECT_EQ(at("another", "rate(1 day)", 1, 2).error().source, "limit");
  EXPECT_TRUE(at("7", "rate(2 days)", 1, 2));
  for (std::size_t i = 0; i < Registry::kMaxPolicies; ++i) {
    auto one = policy();
    one.name = std::to_string(i);
    track(std::move(one));
  }
  EXPECT_EQ(run(registry_->put_policy(policy())).error().source, "limit");
  ASSERT_TRUE(run(registry_->remove_target(resource_)));
  for (const auto* prefix : {"sc/t/", "sc/a/", "sc/d/", "sc/p/"})
    EXPECT_TRUE(store_.snapshot()->scan(kv::Range::prefix(prefix))->empty()) << prefix;
}

TEST_F(ScalerTest, ListsComeInPages) {
  ASSERT_TRUE(put({.min = 1, .max = 2}));
  for (const auto* name : {"a", "b", "c"}) ASSERT_TRUE(at(name, "rate(1 day)", 1, 2));
  Registry::Query query{resource_.account, {resource_.id}, {}, "", 2};
  const auto first = run(registry_->actions(query)).value();
  ASSERT_THAT(first.items, ElementsAre(Field(&ScheduledAction::name, "a"), Field(&ScheduledAction::name, "b")));
  query.after = first.next;
  const auto second = run(registry_->actions(query)).value();
  EXPECT_THAT(second.items, ElementsAre(Field(&ScheduledAction::name, "c")));
  EXPECT_EQ(second.next, "");
  query.after = "elsewhere";
  EXPECT_EQ(run(registry_->actions(query)).error().source, "token");
}

// Office hours in Berlin: up at 8, down at 18; the clocks go forward on Sunday.
TEST_F(ScalerTest, AWeekOfAScheduleAcrossAChangeOfTheClocks) {
  clock_.advance(std::chrono::hours(72));  // Thursday the 26th
  ASSERT_TRUE(put({.min = 0, .max = 0}));
  ASSERT_TRUE(at("up", "cron(0 8 ? * MON-FRI *)", 4, 10, "Europe/Berlin"));
  ASSERT_TRUE(at("down", "cron(0 18 ? * MON-FRI *)", 0, 1, "Europe/Berlin"));
  std::vector<std::string> changes;
  for (auto before = number(); clock_.now() < utc("2026-04-02T00:00:00Z");) {
    pass(std::chrono::minutes(10), std::chrono::minutes(10));
    if (number() == before) continue;
    before = number();
    changes.push_back(codec::to_iso8601(clock_.now()).substr(5, 11) + " " + std::to_string(before));
  }
  EXPECT_THAT(changes, ElementsAre("03-26T07:00 4", "03-26T17:00 1", "03-27T07:00 4", "03-27T17:00 1",
                                   "03-30T06:00 4", "03-30T16:00 1", "03-31T06:00 4", "03-31T16:00 1",
                                   "04-01T06:00 4", "04-01T16:00 1"));
  EXPECT_EQ(activities().front().cause, "maximum capacity was set to 1 by scheduled action down");
}

TEST_F(ScalerTest, AnActionRunsOnceHoweverLateAndMayChangeOneBound) {
  ASSERT_TRUE(put({.min = 1, .max = 3}));
  ASSERT_TRUE(at("once", "at(2026-03-23T00:30:00)", {}, 0).has_value());
  ASSERT_TRUE(at("hourly", "rate(1 hour)", 2, 6).has_value());
  start();  // down for a night
  clock_.advance(std::chrono::hours(8));
  pass(std::chrono::seconds(10));
  // "once" asks for a maximum below the minimum, which fails; "hourly" has been due eight times.
  EXPECT_EQ(number(), 2U);
  EXPECT_THAT(activities(),
              ElementsAre(Field(&Activity::cause, HasSubstr("hourly")),
                          AllOf(Field(&Activity::cause, HasSubstr("once")),
                                Field(&Activity::status, Activity::Status::kFailed),
                                Field(&Activity::message, HasSubstr("cannot be less than minimum"))),
                          Field(&Activity::cause, "minimum capacity was set to 1")));
  const auto actions = run(registry_->actions({resource_.account, {}, {}, "", 10})).value().items;
  EXPECT_EQ(actions.at(0).due, utc("2026-03-23T09:00:00Z"));
  EXPECT_EQ(actions.at(1).due, std::nullopt);
}

TEST_F(ScalerTest, WhatCannotBeReadDoesNotHoldUpTheOthers) {
  ASSERT_TRUE(put({.min = 1, .max = 8}));
  ASSERT_TRUE(at("broken", "at(2026-03-23T00:30:00)", 7, {}));
  ASSERT_TRUE(at("gone", "at(2026-03-23T00:40:00)", 6, {}));
  ASSERT_TRUE(at("whole", "at(2026-03-23T01:00:00)", 4, {}));
  kv::Store::Body spoil = [this](kv::Transaction& tx) -> Result<void> {
    tx.put(std::string("sc/d/\0", 6), "");
    tx.put(rows::action_key(resource_, "broken"), "{");
    GUST_TRY(const auto row, tx.get(rows::action_key(resource_, "gone")));
    GUST_TRY(auto action, rows::decode<ScheduledAction>(*row));
    action.timezone = "Atlantis";
    tx.put(rows::action_key(resource_, "gone"), rows::encode(action));
    return {};
  };
  ASSERT_TRUE(run(store_.transact(std::move(spoil))));
  pass(std::chrono::hours(2), std::chrono::minutes(1));
  EXPECT_EQ(number(), 4U);
}

TEST_F(ScalerTest, SuspendedSchedulesAreLeftOut) {
  ASSERT_TRUE(put({.min = 1, .max = 1}));
  ASSERT_TRUE(at("up", "at(2026-03-23T01:00:00)", 5, 5));
  ASSERT_TRUE(at("more", "at(2026-03-23T03:00:00)", 6, 6));
  ASSERT_TRUE(put({.schedules_suspended = true}));
  pass(std::chrono::hours(2), std::chrono::minutes(1));
  EXPECT_EQ(number(), 1U);
  ASSERT_TRUE(put({.schedules_suspended = false}));
  pass(std::chrono::minutes(30), std::chrono::minutes(1));
  EXPECT_EQ(number(), 1U);
  pass(std::chrono::hours(1), std::chrono::minutes(1));
  EXPECT_EQ(number(), 6U);
}

TEST_F(ScalerTest, TracksItsTargetOutAfterThreeMinutesAndInAfterFifteen) {
  ASSERT_TRUE(put({.min = 2, .max = 20}));
  track(policy(0.7));
  minutes(2, 1.3);  // 0.65 of two: right
  EXPECT_EQ(number(), 2U);
  minutes(2, 6);
  EXPECT_EQ(number(), 2U);
  minutes(1, 6);
  EXPECT_EQ(number(), 3U);  // all of two busy: 2 / 0.7
  minutes(20, 6);
  EXPECT_EQ(number(), 9U);  // 6 of 9 are 0.67
  minutes(12, 1);
  EXPECT_EQ(number(), 9U);
  minutes(8, 1);
  EXPECT_EQ(number(), 2U);
  minutes(60, 0);
  EXPECT_EQ(number(), 2U);
  EXPECT_THAT(activities().front().cause, AllOf(HasSubstr("AlarmLow"), HasSubstr("triggered policy track")));
}

TEST_F(ScalerTest, StaysWithinItsBounds) {
  ASSERT_TRUE(put({.min = 4, .max = 5}));
  track(policy());
  minutes(30, 50);
  EXPECT_EQ(number(), 5U);
  minutes(60, 0);
  EXPECT_EQ(number(), 4U);
  ASSERT_TRUE(put({.min = 5, .max = 5}));
  const auto sets = capacity_.sets;
  minutes(30, 50);
  minutes(60, 0);
  EXPECT_EQ(capacity_.sets, sets);
}

TEST_F(ScalerTest, RestsAfterEachChange) {
  ASSERT_TRUE(put({.min = 10, .max = 100}));
  auto slow = policy(0.5);
  slow.out_cooldown_s = 600;
  slow.in_cooldown_s = 1800;
  track(slow);
  minutes(5, 1000);
  EXPECT_EQ(number(), 20U);
  minutes(7, 1000);  // what was added counts as there: 10 / 0.5 are 20
  EXPECT_EQ(number(), 20U);
  minutes(4, 1000);
  EXPECT_EQ(number(), 40U);
  minutes(18, 10);  // the busiest of these minutes began with all of them busy
  EXPECT_EQ(number(), 30U);
  minutes(20, 1);
  EXPECT_EQ(number(), 30U);
  minutes(12, 1);
  EXPECT_EQ(number(), 10U);
  // Scaling out does not wait for the rest after scaling in.
  minutes(5, 1000);
  EXPECT_EQ(number(), 20U);
}

TEST_F(ScalerTest, SuspendedAndDisabledDirections) {
  ASSERT_TRUE(put({.min = 2, .max = 8, .scale_out_suspended = true}));
  track(policy());
  minutes(10, 50);
  EXPECT_EQ(number(), 2U);
  ASSERT_TRUE(put({.scale_in_suspended = true, .scale_out_suspended = false}));
  minutes(20, 50);
  EXPECT_EQ(number(), 8U);
  minutes(40, 0);
  EXPECT_EQ(number(), 8U);
  auto only_out = policy();
  only_out.scale_in = Policy::ScaleIn::kDisabled;
  track(only_out);
  ASSERT_TRUE(put({.scale_in_suspended = false}));
  minutes(40, 0);
  EXPECT_EQ(number(), 8U);
  track(policy());
  minutes(2, 0);
  EXPECT_EQ(number(), 2U);
}

TEST_F(ScalerTest, ThePolicyThatWantsMostDecides) {
  ASSERT_TRUE(put({.min = 2, .max = 100}));
  capacity_.numbers[resource_] = 10;
  auto low = policy(0.3), high = policy(0.8);
  low.name = "low";
  high.name = "high";
  track(low);
  track(high);
  minutes(16, 4);  // 0.4: more for one, less for the other
  EXPECT_EQ(number(), 14U);
  EXPECT_THAT(activities().front().cause, HasSubstr("triggered policy low"));
}

TEST_F(ScalerTest, WithoutUseToMeasureNothingHappens) {
  ASSERT_TRUE(put({.min = 0, .max = 8}));
  track(policy());
  minutes(30, 50);
  EXPECT_EQ(number(), 0U);
  // A machine that slept measures anew.
  capacity_.numbers[resource_] = 4;
  minutes(2, 50);
  clock_.advance(std::chrono::hours(1));
  minutes(2, 50);
  EXPECT_EQ(number(), 4U);
  minutes(1, 50);
  EXPECT_EQ(number(), 6U);
}

TEST_F(ScalerTest, GoesOnAfterACrashBetweenDecisionAndWrite) {
  ASSERT_TRUE(put({.min = 1, .max = 8}));
  ASSERT_TRUE(at("up", "at(2026-03-23T01:00:00)", 5, 8));
  clock_.advance(std::chrono::hours(2));
  for (const bool before : {true, false}) {  // the write, and the record of it
    capacity_.error = Error{Code::kUnavailable, "crashed", ""};
    capacity_.before_write = before;
    ASSERT_TRUE(run(scaler_->tick()));
    EXPECT_EQ(number(), before ? 1U : 5U);
    EXPECT_EQ(activities().front().status, Activity::Status::kInProgress);
    start();
  }
  capacity_.error.reset();
  pass(std::chrono::minutes(1));
  EXPECT_EQ(number(), 5U);
  EXPECT_THAT(activities(), ElementsAre(AllOf(Field(&Activity::status, Activity::Status::kSuccessful),
                                              Field(&Activity::wanted, 5U)),
                                        Field(&Activity::wanted, 1U)));
  const auto sets = capacity_.sets;
  pass(std::chrono::minutes(5));
  EXPECT_EQ(capacity_.sets, sets);
  EXPECT_EQ(run(registry_->targets({resource_.account, {}, {}, "", 10}))->items.at(0).min, 5U);
}

TEST_F(ScalerTest, TellsWhatCouldNotBeSet) {
  capacity_.error = Error{Code::kInvalid, "no room", "provisioned"};
  ASSERT_TRUE(put({.min = 3, .max = 8}));
  EXPECT_THAT(activities(), ElementsAre(AllOf(Field(&Activity::status, Activity::Status::kFailed),
                                              Field(&Activity::message, HasSubstr("Reason: no room")))));
  // The function is gone; its target stays, and its schedule says so.
  ASSERT_TRUE(at("up", "rate(1 hour)", 4, 8));
  capacity_.numbers.clear();
  pass(std::chrono::hours(1), std::chrono::minutes(5));
  EXPECT_THAT(activities().front().message, HasSubstr("there is no function:f:live"));
  EXPECT_EQ(run(registry_->targets({resource_.account, {}, {}, "", 10}))->items.size(), 1U);
}

TEST_F(ScalerTest, ActivitiesAreKeptForSixWeeks) {
  ASSERT_TRUE(put({.min = 1, .max = 8}));
  clock_.advance(ActivityLog::kKept + std::chrono::hours(1));
  EXPECT_TRUE(activities().empty());
  ASSERT_TRUE(put({.min = 2}));
  EXPECT_EQ(activities().size(), 1U);
  EXPECT_EQ(store_.snapshot()->scan(kv::Range::prefix("sc/l/"))->size(), 1U);
}

}  // namespace
}  // namespace gust::scaling
