// Alarm: what is watched, when it is too much, whom to tell, and what the state is; and how its row is written. Any
// thread.
#pragma once

#include "metrics/metric.h"
#include "metrics/statistic.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::metrics {

struct Alarm {
  enum class State { kInsufficientData, kOk, kAlarm };
  enum class Comparison { kGreaterOrEqual, kGreater, kLess, kLessOrEqual };
  enum class Missing { kMissing, kIgnore, kBreaching, kNotBreaching };
  enum class Actions { kEnabled, kDisabled };

  std::string name, region;
  std::optional<std::string> description;
  Actions actions = Actions::kEnabled;
  std::vector<std::string> on_ok, on_alarm, on_insufficient_data;  // ARNs

  MetricKey metric;  // of the alarm's account
  std::optional<Unit> unit;
  Statistic statistic;
  std::int32_t period_s = 60;
  std::int32_t evaluation_periods = 1;
  std::optional<std::int32_t> datapoints_to_alarm;  // none: all of the periods
  double threshold = 0;
  Comparison comparison = Comparison::kGreaterOrEqual;
  std::optional<Missing> missing;  // none: kMissing
  Dimensions tags;

  State state = State::kInsufficientData;
  std::string reason = "Unchecked: Initial alarm creation", reason_data;
  WallTime configured_at{}, updated_at{}, changed_at{};  // updated: the state was set; changed: to another

  const AccountId& account() const { return metric.account; }
  std::int32_t needed() const { return datapoints_to_alarm.value_or(evaluation_periods); }
  const std::vector<std::string>& actions_of(State of) const;
};

std::string_view state_name(Alarm::State state);
std::optional<Alarm::State> parse_state(std::string_view name);
std::string_view comparison_name(Alarm::Comparison comparison);
std::optional<Alarm::Comparison> parse_comparison(std::string_view name);
std::string_view missing_name(Alarm::Missing missing);
std::optional<Alarm::Missing> parse_missing(std::string_view name);

std::string alarm_arn(const Alarm& alarm);

std::string encode(const Alarm& alarm);
Result<Alarm> decode_alarm(std::string_view json);  // kCorrupt

// What became of an alarm.
struct HistoryItem {
  enum class Kind { kConfigurationUpdate, kStateUpdate, kAction };
  std::string alarm;
  WallTime at{};
  Kind kind = Kind::kStateUpdate;
  std::string summary, data;
};
std::string_view kind_name(HistoryItem::Kind kind);
std::optional<HistoryItem::Kind> parse_history_kind(std::string_view name);

std::string encode(const HistoryItem& item);
Result<HistoryItem> decode_history(std::string_view json);  // kCorrupt

}  // namespace gust::metrics
