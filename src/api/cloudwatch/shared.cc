#include "api/cloudwatch/shared.h"

#include "codec/hex.h"

#include <fmt/format.h>

namespace gust::api {

std::unexpected<Error> invalid_value(std::string message) {
  return fail(Code::kInvalid, std::move(message), "value");
}

std::unexpected<Error> invalid_combination(std::string message) {
  return fail(Code::kInvalid, std::move(message), "combination");
}

std::unexpected<Error> missing_parameter(std::string_view name) {
  return fail(Code::kInvalid, fmt::format("The parameter {} is required.", name), "missing");
}

std::unexpected<Error> invalid_alarm(std::string message) {
  return fail(Code::kInvalid, std::move(message), "alarm");
}

std::unexpected<Error> not_served(std::string message) {
  return fail(Code::kUnsupported, std::move(message), "value");
}

Result<gust::metrics::Dimensions> dimensions_of(const std::optional<std::vector<cloudwatch::Dimension>>& given) {
  gust::metrics::Dimensions out;
  for (const auto& dimension : given.value_or(std::vector<cloudwatch::Dimension>())) {
    if (!out.emplace(dimension.name, dimension.value).second)
      return invalid_value(fmt::format("No metric may specify the same dimension name twice: {}", dimension.name));
  }
  return out;
}

std::vector<cloudwatch::Dimension> to_dimensions(const gust::metrics::Dimensions& dimensions) {
  std::vector<cloudwatch::Dimension> out;
  for (const auto& [name, value] : dimensions) {
    auto& one = out.emplace_back();
    one.name = name;
    one.value = value;
  }
  return out;
}

gust::metrics::MetricKey metric_of(const wire::Call& call, std::string name_space, std::string name,
                                   gust::metrics::Dimensions dimensions) {
  return {call.context.principal.account, std::move(name_space), std::move(name), std::move(dimensions)};
}

std::optional<gust::metrics::Unit> unit_of(const std::optional<std::string>& given) {
  return given ? gust::metrics::parse_unit(*given) : std::nullopt;
}

cloudwatch::MetricAlarm to_alarm(const gust::metrics::Alarm& alarm) {
  cloudwatch::MetricAlarm out;
  out.alarm_name = alarm.name;
  out.alarm_arn = gust::metrics::alarm_arn(alarm);
  out.alarm_description = alarm.description;
  out.alarm_configuration_updated_timestamp = alarm.configured_at;
  out.actions_enabled = alarm.actions == gust::metrics::Alarm::Actions::kEnabled;
  out.ok_actions = alarm.on_ok;
  out.alarm_actions = alarm.on_alarm;
  out.insufficient_data_actions = alarm.on_insufficient_data;
  out.state_value = gust::metrics::state_name(alarm.state);
  out.state_reason = alarm.reason;
  if (!alarm.reason_data.empty()) out.state_reason_data = alarm.reason_data;
  out.state_updated_timestamp = alarm.updated_at;
  out.state_transitioned_timestamp = alarm.changed_at;
  out.metric_name = alarm.metric.name;
  out.namespace_ = alarm.metric.name_space;
  if (alarm.statistic.is_extended()) {
    out.extended_statistic = alarm.statistic.name;
  } else {
    out.statistic = alarm.statistic.name;
  }
  out.dimensions = to_dimensions(alarm.metric.dimensions);
  out.period = alarm.period_s;
  if (alarm.unit) out.unit = gust::metrics::unit_name(*alarm.unit);
  out.evaluation_periods = alarm.evaluation_periods;
  out.datapoints_to_alarm = alarm.datapoints_to_alarm;
  out.threshold = alarm.threshold;
  out.comparison_operator = gust::metrics::comparison_name(alarm.comparison);
  if (alarm.missing) out.treat_missing_data = gust::metrics::missing_name(*alarm.missing);
  return out;
}

Result<std::string> alarm_of_arn(const wire::Call& call, std::string_view text) {
  const auto arn = Arn::parse(text);
  constexpr std::string_view kKind = "alarm:";
  if (!arn || arn->service != "cloudwatch" || !arn->resource.starts_with(kKind) || arn->resource == kKind)
    return invalid_value(
        fmt::format("{} is not the ARN of an alarm, the one kind of resource with tags", text.substr(0, 200)));
  auto name = arn->resource.substr(kKind.size());
  if (arn->account != call.context.principal.account.str())
    return fail(Code::kNotFound, fmt::format("There is no alarm named {}", name), "resource");
  return name;
}

std::string place_token(std::string_view place) { return codec::to_hex(place); }

Result<std::string> parse_place(const std::optional<std::string>& token) {
  if (!token) return std::string();
  auto place = codec::from_hex(*token);
  if (!place || place->empty()) return fail(Code::kInvalid, "The value of NextToken is none that was given.", "token");
  return *std::move(place);
}

}  // namespace gust::api
