// The tables of the CloudWatch guide: "How alarm state is evaluated when data is missing".
#include "metrics/evaluation.h"

#include <gtest/gtest.h>

namespace gust::metrics {
namespace {

Alarm alarm_of(std::int32_t needed, Alarm::Missing missing) {
  Alarm out;
  out.metric.account = AccountId("1");
  out.evaluation_periods = 3;
  out.datapoints_to_alarm = needed;
  out.threshold = 10;
  out.comparison = Alarm::Comparison::kGreater;
  out.missing = missing;
  return out;
}

// "0 - X": in the threshold, missing, breaching; the oldest first.
std::vector<Datapoint> points_of(std::string_view row) {
  std::vector<Datapoint> out;
  for (const char c : row) {
    if (c == ' ') continue;
    Datapoint point{static_cast<std::int64_t>(out.size()) * 60, std::nullopt, 1};
    if (c != '-') point.value = c == 'X' ? 20 : 0;
    out.push_back(point);
  }
  return out;
}

std::string outcome(std::int32_t needed, Alarm::Missing missing, std::string_view row) {
  const auto state = evaluate(alarm_of(needed, missing), points_of(row));
  return state ? std::string(state_name(*state)) : "as it was";
}

struct Row {
  std::int32_t needed;
  const char *points, *missing, *ignore, *breaching, *not_breaching;
};

class TableTest : public ::testing::TestWithParam<Row> {};

TEST_P(TableTest, IsTheServices) {
  const auto& row = GetParam();
  EXPECT_EQ(outcome(row.needed, Alarm::Missing::kMissing, row.points), row.missing);
  EXPECT_EQ(outcome(row.needed, Alarm::Missing::kIgnore, row.points), row.ignore);
  EXPECT_EQ(outcome(row.needed, Alarm::Missing::kBreaching, row.points), row.breaching);
  EXPECT_EQ(outcome(row.needed, Alarm::Missing::kNotBreaching, row.points), row.not_breaching);
}

INSTANTIATE_TEST_SUITE_P(
    Guide, TableTest,
    ::testing::Values(Row{3, "0 - X - X", "OK", "OK", "OK", "OK"},
                      Row{3, "- - - - 0", "OK", "OK", "OK", "OK"},
                      Row{3, "- - - - -", "INSUFFICIENT_DATA", "as it was", "ALARM", "OK"},
                      Row{3, "0 X X - X", "ALARM", "ALARM", "ALARM", "ALARM"},
                      Row{3, "- - X - -", "ALARM", "as it was", "ALARM", "OK"},
                      Row{3, "- - - - X", "as it was", "as it was", "ALARM", "OK"},
                      Row{3, "- - - X -", "as it was", "as it was", "ALARM", "OK"},
                      Row{2, "0 - X - X", "ALARM", "ALARM", "ALARM", "ALARM"},
                      Row{2, "0 0 X 0 X", "ALARM", "ALARM", "ALARM", "ALARM"},
                      Row{2, "0 - X - -", "OK", "OK", "ALARM", "OK"},
                      Row{2, "- - - - 0", "OK", "OK", "ALARM", "OK"},
                      Row{2, "- - - X -", "ALARM", "as it was", "ALARM", "OK"}));

TEST(EvaluationTest, EveryComparison) {
  auto alarm = alarm_of(1, Alarm::Missing::kMissing);
  alarm.evaluation_periods = 1;
  const auto at = [&](Alarm::Comparison comparison, double value) {
    alarm.comparison = comparison;
    return evaluate(alarm, {Datapoint{0, value, 1}}) == Alarm::State::kAlarm;
  };
  using enum Alarm::Comparison;
  EXPECT_TRUE(at(kGreaterOrEqual, 10) && !at(kGreater, 10) && at(kGreater, 11));
  EXPECT_TRUE(at(kLessOrEqual, 10) && !at(kLess, 10) && at(kLess, 9));
}

TEST(EvaluationTest, ReasonsSayWhatWasSeen) {
  auto alarm = alarm_of(1, Alarm::Missing::kMissing);
  alarm.evaluation_periods = 1;
  const std::vector<Datapoint> points{{1'700'000'040, 20.0, 2}};
  EXPECT_EQ(state_reason(alarm, Alarm::State::kAlarm, points),
            "Threshold Crossed: 1 out of the last 1 datapoints [20.0 (14/11/23 22:14:00)] was greater than the "
            "threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).");
  EXPECT_EQ(state_reason(alarm, Alarm::State::kInsufficientData, {}), "Insufficient Data: 1 datapoint was unknown.");
  const auto data = state_reason_data(alarm, points, from_epoch_ms(1'700'000'100'000));
  EXPECT_NE(data.find("\"recentDatapoints\":[2E1]"), std::string::npos) << data;
  EXPECT_NE(data.find("\"timestamp\":\"2023-11-14T22:14:00.000+0000\""), std::string::npos) << data;
}

}  // namespace
}  // namespace gust::metrics
