#include "metrics/evaluation.h"

#include "codec/json.h"
#include "codec/time_format.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

namespace gust::metrics {
namespace {

namespace json = boost::json;

bool breaches(const Alarm& alarm, double value) {
  switch (alarm.comparison) {
    case Alarm::Comparison::kGreaterOrEqual: return value >= alarm.threshold;
    case Alarm::Comparison::kGreater: return value > alarm.threshold;
    case Alarm::Comparison::kLess: return value < alarm.threshold;
    case Alarm::Comparison::kLessOrEqual: return value <= alarm.threshold;
  }
  return false;
}

// The latest values, as many as are evaluated, the latest first.
std::vector<const Datapoint*> latest(const Alarm& alarm, const std::vector<Datapoint>& points) {
  std::vector<const Datapoint*> out;
  for (auto it = points.rbegin(); it != points.rend(); ++it) {
    if (it->value && out.size() < static_cast<std::size_t>(alarm.evaluation_periods)) out.push_back(&*it);
  }
  return out;
}

std::string_view comparison_text(const Alarm& alarm) {
  switch (alarm.comparison) {
    case Alarm::Comparison::kGreaterOrEqual: return "greater than or equal to";
    case Alarm::Comparison::kGreater: return "greater than";
    case Alarm::Comparison::kLess: return "less than";
    case Alarm::Comparison::kLessOrEqual: return "less than or equal to";
  }
  return "";
}

// 5.0 rather than 5, as the service writes it.
std::string number(double value) {
  auto out = fmt::format("{}", value);
  if (out.find_first_of(".en") == std::string::npos) out += ".0";
  return out;
}

std::string iso(std::int64_t seconds) {
  const auto text = codec::to_iso8601_ms(from_epoch_ms(seconds * 1000));
  return text.substr(0, text.size() - 1) + "+0000";
}

}  // namespace

std::optional<Alarm::State> evaluate(const Alarm& alarm, const std::vector<Datapoint>& points) {
  using State = Alarm::State;
  const auto missing = alarm.missing.value_or(Alarm::Missing::kMissing);
  const auto real = latest(alarm, points);
  const auto needed = static_cast<std::size_t>(alarm.needed());
  const auto absent = static_cast<std::size_t>(alarm.evaluation_periods) - real.size();
  const auto breaching = static_cast<std::size_t>(
      std::ranges::count_if(real, [&](const Datapoint* point) { return breaches(alarm, *point->value); }));
  if (breaching >= needed) return State::kAlarm;
  if (missing == Alarm::Missing::kBreaching && breaching + absent >= needed) return State::kAlarm;
  if (missing == Alarm::Missing::kBreaching || missing == Alarm::Missing::kNotBreaching) return State::kOk;
  if (real.empty()) return missing == Alarm::Missing::kMissing ? std::optional(State::kInsufficientData) : std::nullopt;
  if (breaching < real.size()) return State::kOk;
  if (missing == Alarm::Missing::kIgnore) return std::nullopt;
  // Too few values, which all breach: an alarm once the first of them is old enough that it is no single one that was
  // just late ("avoiding premature transitions").
  const auto age = static_cast<std::size_t>(&points.back() - real.back()) + 1;
  return age >= needed ? std::optional(State::kAlarm) : std::nullopt;
}

std::string state_reason(const Alarm& alarm, Alarm::State to, const std::vector<Datapoint>& points) {
  const auto real = latest(alarm, points);
  const auto total = static_cast<std::size_t>(alarm.evaluation_periods);
  if (real.empty()) {
    const auto *s = total == 1 ? "" : "s", *were = total == 1 ? "was" : "were";
    if (to == Alarm::State::kInsufficientData)
      return fmt::format("Insufficient Data: {} datapoint{} {} unknown.", total, s, were);
    return fmt::format("Threshold Crossed: no datapoints were received for {0} period{1} and {0} missing datapoint{1} "
                       "{2} treated as [{3}].",
                       total, s, were, to == Alarm::State::kAlarm ? "Breaching" : "NonBreaching");
  }
  std::vector<std::string> shown;
  const bool alarms = to == Alarm::State::kAlarm;
  for (const auto* point : real) {
    if (breaches(alarm, *point->value) != alarms) continue;
    const auto at = std::chrono::sys_seconds(std::chrono::seconds(point->start_s));
    if (shown.size() < 5) shown.push_back(fmt::format("{} ({:%d/%m/%y %H:%M:%S})", number(*point->value), at));
  }
  const auto count = static_cast<std::size_t>(
      std::ranges::count_if(real, [&](const Datapoint* point) { return breaches(alarm, *point->value) == alarms; }));
  const auto least = static_cast<std::size_t>(alarm.needed());
  return fmt::format("Threshold Crossed: {} out of the last {} datapoints [{}] {} {}{} the threshold ({}) (minimum {} "
                     "datapoint{} for {} transition).",
                     count, total, fmt::join(shown, ", "), count == 1 ? "was" : "were", alarms ? "" : "not ",
                     comparison_text(alarm), number(alarm.threshold), alarms ? least : total - least + 1,
                     (alarms ? least : total - least + 1) == 1 ? "" : "s", alarms ? "OK -> ALARM" : "ALARM -> OK");
}

std::string state_reason_data(const Alarm& alarm, const std::vector<Datapoint>& points, WallTime now) {
  const auto real = latest(alarm, points);
  json::array recent, evaluated;
  for (auto it = real.rbegin(); it != real.rend(); ++it) recent.emplace_back(*(*it)->value);
  for (const auto* point : real) {
    evaluated.emplace_back(json::object{{"timestamp", iso(point->start_s)},
                                        {"sampleCount", point->samples},
                                        {"value", *point->value}});
  }
  json::object out{{"version", "1.0"}, {"queryDate", iso(to_epoch_ms(now) / 1000)}};
  if (!real.empty()) out["startDate"] = iso(real.back()->start_s);
  out["statistic"] = alarm.statistic.name;
  out["period"] = alarm.period_s;
  out["recentDatapoints"] = std::move(recent);
  out["threshold"] = alarm.threshold;
  out["evaluatedDatapoints"] = std::move(evaluated);
  auto text = codec::to_json(out);
  if (text.size() > 4000) {  // what a state's reason may have
    out.erase("evaluatedDatapoints");
    out.erase("recentDatapoints");
    text = codec::to_json(out);
  }
  return text;
}

}  // namespace gust::metrics
