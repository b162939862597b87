// Evaluation: which state an alarm should have, from the values of its last periods: pure functions. Source:
// "Evaluating an alarm" and "Configuring how CloudWatch alarms treat missing data" of the CloudWatch guide. Any thread.
#pragma once

#include "metrics/alarm.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace gust::metrics {

// Periods that are looked at beyond those to evaluate, for values instead of missing ones.
inline constexpr std::int32_t kMorePeriods = 2;

struct Datapoint {
  std::int64_t start_s = 0;
  std::optional<double> value;  // none: missing
  double samples = 0;
};

// `points`: one for each of the last evaluation_periods + kMorePeriods whole periods, the oldest first. Nothing: the
// state stays as it is.
std::optional<Alarm::State> evaluate(const Alarm& alarm, const std::vector<Datapoint>& points);

// "Threshold Crossed: 1 out of the last 1 datapoints [5.0 (28/11/26 01:00:00)] was greater than the threshold (3.0)..."
std::string state_reason(const Alarm& alarm, Alarm::State to, const std::vector<Datapoint>& points);
// The same for programs, as JSON.
std::string state_reason_data(const Alarm& alarm, const std::vector<Datapoint>& points, WallTime now);

}  // namespace gust::metrics
