// Alarms and who is told of them, with a clock that stands still until it is moved.
#include "metrics/alarms.h"

#include "async/testing.h"
#include "codec/json.h"
#include "kv/memory/memory_store.h"
#include "metrics/alarm_watch.h"

#include <gtest/gtest.h>

namespace gust::metrics {
namespace {

constexpr std::int64_t kNow_s = 1'700'000'040;  // a whole minute

// Writes what it is told into rows, as a queue would.
class FakeActions final : public AlarmActions {
 public:
  Result<void> check(const AccountId&, const std::string& arn) override {
    if (arn.starts_with("arn:aws:lambda:")) return {};
    return fail(Code::kInvalid, "not a function", "action");
  }
  async::Task<void> allowed(AccountId, std::string arn, std::string) override {
    if (arn.ends_with(":closed")) co_return fail(Code::kDenied, "no permission", "action");
    co_return Result<void>{};
  }
  Result<void> enqueue(kv::Transaction& tx, const AccountId&, const std::string& arn,
                       const std::string& payload) override {
    tx.put("told/" + std::to_string(++number_), arn + " " + payload);
    return {};
  }
  void done() override { ++done_count; }

  int done_count = 0;

 private:
  int number_ = 0;
};

class AlarmsTest : public ::testing::Test {
 protected:
  template <typename F>
  auto run(F make) {
    return async::testing::run(loop_, std::move(make));
  }
  AlarmsTest() { open(); }
  ~AlarmsTest() override { EXPECT_TRUE(run([&] { return metrics_->stop(); })); }
  void open() {
    metrics_.emplace(loop_.get_executor(), store_, clock_, MetricStore::Limits{});
    EXPECT_TRUE(run([&] { return metrics_->open(); }));
    alarms_.emplace(store_, clock_, actions_);
    watch_.emplace(loop_.get_executor(), *alarms_, *metrics_, clock_, Millis(1000));
  }
  static Alarm high() {
    Alarm out;
    out.name = "high";
    out.region = "us-east-1";
    out.metric = {AccountId("1"), "app", "time", {{"stage", "prod"}}};
    out.on_alarm = {"arn:aws:lambda:us-east-1:1:function:pager"};
    out.on_ok = {"arn:aws:lambda:us-east-1:1:function:closed"};
    out.threshold = 10;
    out.comparison = Alarm::Comparison::kGreater;
    return out;
  }
  void put_alarm(Alarm alarm) {
    EXPECT_TRUE(run([&] { return alarms_->put(std::move(alarm)); }));
  }
  void put_value(double value) {
    Sample sample{high().metric, kNoUnit, clock_.now(), Resolution::kMinute, {}};
    sample.summary.add(value);
    EXPECT_TRUE(run([&] { return metrics_->put({sample}); }));
  }
  void look() {
    EXPECT_TRUE(run([&] { return watch_->look(); }));
  }
  Alarm get() {
    const auto alarm = run([&] { return alarms_->get(AccountId("1"), "high"); });
    EXPECT_TRUE(alarm && *alarm);
    return alarm && *alarm ? **alarm : Alarm();
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    const auto rows = run([&] { return store_.scan(kv::Range::prefix("told/")); });
    for (const auto& row : *rows) out.push_back(row.value);
    return out;
  }
  std::vector<HistoryItem> history(HistoryQuery query = {}) {
    query.account = AccountId("1");
    const auto page = run([&] { return alarms_->history(query); });
    EXPECT_TRUE(page);
    return page ? page->items : std::vector<HistoryItem>();
  }

  boost::asio::io_context loop_;
  env::FakeClock clock_{from_epoch_ms(kNow_s * 1000)};
  kv::MemoryStore store_;
  FakeActions actions_;
  std::optional<MetricStore> metrics_;
  std::optional<Alarms> alarms_;
  std::optional<AlarmWatch> watch_;
};

TEST_F(AlarmsTest, GoesThroughItsStatesAndTells) {
  put_alarm(high());
  look();
  EXPECT_EQ(get().state, Alarm::State::kInsufficientData);
  put_value(20);
  look();
  EXPECT_EQ(get().state, Alarm::State::kInsufficientData);  // the minute is not over
  clock_.advance(std::chrono::minutes(1));
  look();
  EXPECT_EQ(get().state, Alarm::State::kAlarm);
  ASSERT_EQ(told().size(), 1U);
  const auto payload = codec::parse_json(told()[0].substr(told()[0].find(' ') + 1));
  ASSERT_TRUE(payload);
  EXPECT_EQ(payload->at("source").as_string(), "aws.cloudwatch");
  EXPECT_EQ(payload->at("alarmArn").as_string(), "arn:aws:cloudwatch:us-east-1:1:alarm:high");
  EXPECT_EQ(payload->at_pointer("/alarmData/state/value").as_string(), "ALARM");
  EXPECT_EQ(payload->at_pointer("/alarmData/previousState/value").as_string(), "INSUFFICIENT_DATA");
  const auto& stat = payload->at_pointer("/alarmData/configuration/metrics/0/metricStat");
  EXPECT_EQ(stat.at_pointer("/metric/dimensions/stage").as_string(), "prod");
  look();
  EXPECT_EQ(told().size(), 1U);  // once
  put_value(5);
  clock_.advance(std::chrono::minutes(1));
  look();
  EXPECT_EQ(get().state, Alarm::State::kOk);
  EXPECT_EQ(told().size(), 1U);  // whom the function's policy does not let in is not told
  const auto items = history();
  ASSERT_EQ(items.size(), 5U);
  EXPECT_EQ(items[0].kind, HistoryItem::Kind::kAction);
  EXPECT_TRUE(items[0].summary.starts_with("Failed to execute action")) << items[0].summary;
  EXPECT_EQ(items[1].summary, "Alarm updated from ALARM to OK");
  EXPECT_TRUE(items[2].summary.starts_with("Successfully executed action")) << items[2].summary;
  EXPECT_EQ(items[3].summary, "Alarm updated from INSUFFICIENT_DATA to ALARM");
  EXPECT_EQ(items[4].kind, HistoryItem::Kind::kConfigurationUpdate);
}

TEST_F(AlarmsTest, GoesOnAfterAStart) {
  put_alarm(high());
  put_value(20);
  clock_.advance(std::chrono::minutes(1));
  watch_.reset();
  EXPECT_TRUE(run([&] { return metrics_->stop(); }));
  open();
  look();
  EXPECT_EQ(get().state, Alarm::State::kAlarm);
  EXPECT_EQ(history().size(), 3U);
}

TEST_F(AlarmsTest, KeepsItsStateAndTagsWhenItIsChanged) {
  auto alarm = high();
  alarm.tags = {{"team", "a"}};
  put_alarm(alarm);
  EXPECT_TRUE(run([&] { return alarms_->set_state(AccountId("1"), "high", {Alarm::State::kAlarm, "by hand", "{}"}); }));
  alarm.threshold = 99;
  alarm.tags.clear();
  put_alarm(alarm);
  EXPECT_EQ(get().state, Alarm::State::kAlarm);
  EXPECT_EQ(get().reason, "by hand");
  EXPECT_EQ(get().threshold, 99);
  EXPECT_EQ(get().tags, (Dimensions{{"team", "a"}}));
}

TEST_F(AlarmsTest, LongNamesAreCutBetweenCharactersAndNothingTakesAnothersPlace) {
  auto alarm = high();
  alarm.name.clear();
  for (int i = 0; i < 255; ++i) alarm.name += "é";
  put_alarm(alarm);
  put_alarm(alarm);  // at the same time
  EXPECT_TRUE(run([&] { return alarms_->remove(AccountId("1"), {alarm.name}); }));
  const auto items = history();
  ASSERT_EQ(items.size(), 3U);
  for (const auto& item : items) EXPECT_LE(item.summary.size(), 255U);
}

TEST_F(AlarmsTest, DisabledActionsTellNobody) {
  put_alarm(high());
  const auto off = Alarm::Actions::kDisabled;
  EXPECT_TRUE(run([&] { return alarms_->switch_actions(AccountId("1"), {"high", "none"}, off); }));
  EXPECT_TRUE(run([&] { return alarms_->set_state(AccountId("1"), "high", {Alarm::State::kAlarm, "x", ""}); }));
  EXPECT_TRUE(told().empty());
  EXPECT_EQ(get().state, Alarm::State::kAlarm);
}

TEST_F(AlarmsTest, RefusesWhatItCannotDoAndChangesNothing) {
  auto alarm = high();
  alarm.on_insufficient_data = {"arn:aws:sns:us-east-1:1:topic"};
  EXPECT_EQ(run([&] { return alarms_->put(alarm); }).error().source, "action");
  put_alarm(high());
  EXPECT_EQ(run([&] { return alarms_->remove(AccountId("1"), {"high", "none"}); }).error().code, Code::kNotFound);
  EXPECT_EQ(get().name, "high");
  EXPECT_EQ(run([&] { return alarms_->set_state(AccountId("2"), "high", {}); }).error().code, Code::kNotFound);
  EXPECT_TRUE(run([&] { return alarms_->remove(AccountId("1"), {"high"}); }));
  EXPECT_TRUE(run([&] { return alarms_->all(); })->empty());
}

TEST_F(AlarmsTest, HistoryIsPagedFilteredAndForgotten) {
  put_alarm(high());
  for (const auto state : {Alarm::State::kOk, Alarm::State::kInsufficientData, Alarm::State::kOk}) {
    clock_.advance(Millis(1000));
    EXPECT_TRUE(run([&] { return alarms_->set_state(AccountId("1"), "high", {state, "x", ""}); }));
  }
  HistoryQuery updates;
  updates.kind = HistoryItem::Kind::kStateUpdate;
  EXPECT_EQ(history(updates).size(), 3U);
  HistoryQuery page;
  page.account = AccountId("1");
  page.limit = 2;
  page.order = kv::Order::kForward;
  std::vector<std::string> all;
  do {
    const auto found = run([&] { return alarms_->history(page); });
    ASSERT_TRUE(found);
    for (const auto& item : found->items) all.push_back(item.summary);
    page.after = found->more_after;
  } while (!page.after.empty());
  EXPECT_EQ(all.size(), history().size());
  EXPECT_EQ(all.front(), "Alarm \"high\" created");
  clock_.advance(std::chrono::hours(31 * 24));
  EXPECT_TRUE(run([&] { return alarms_->tidy(); }));
  EXPECT_TRUE(run([&] { return store_.scan(kv::Range::prefix("metrics/history/")); })->empty());
}

}  // namespace
}  // namespace gust::metrics
