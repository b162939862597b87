#include "api/cloudwatch/service.h"

#include "wire/validate.h"

namespace gust::api {
namespace {

wire::WireError invalid(const Error& error) {
  if (error.source == "combination") return {"InvalidParameterCombination", error.message, 400, {}};
  if (error.source == "missing") return {"MissingParameter", error.message, 400, {}};
  if (error.source == "alarm" || error.source == "action") return {"ValidationError", error.message, 400, {}};
  if (error.source == "token") return {"InvalidNextToken", error.message, 400, {}};
  if (error.source == "format") return {"InvalidFormat", error.message, 400, {}};
  return {"InvalidParameterValue", error.message, 400, {}};
}

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid: return invalid(error);
    case Code::kUnsupported: return {"InvalidParameterValue", error.message, 400, {}};
    case Code::kNotFound:
      if (error.source == "resource") return {"ResourceNotFoundException", error.message, 404, {}};
      return {"ResourceNotFound", error.message, 404, {}};
    case Code::kTooLarge:
      if (error.source == "limit") return {"LimitExceeded", error.message, 400, {}};
      if (error.source == "tags") return {"InvalidParameterValue", error.message, 400, {}};
      return {"RequestEntityTooLarge", error.message, 413, {}};
    case Code::kConflict: return {"ConcurrentModificationException", error.message, 429, {}};
    case Code::kThrottled: return {"Throttling", error.message, 400, {}};
    case Code::kDenied: return {"AccessDenied", error.message, 403, {}};
    case Code::kNoSpace: return {"ServiceUnavailable", "The disk is full: make room, then try again.", 503, {}};
    default: return {"InternalServiceError", "the request failed inside; its id is in the log", 500, {}};
  }
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 4 << 20;  // 1 MB of data, which forms may write longer
  out.compressed = wire::ServiceSettings::Compressed::kGunzipped;
  out.map_error = map_error;
  out.map_violations = [](const std::vector<wire::Violation>& violations) -> wire::WireError {
    const auto& first = violations.front();
    if (first.constraint == wire::Constraint::kRequired)
      return {"MissingParameter", "The parameter " + first.member + " is required.", 400, {}};
    return {"InvalidParameterValue", wire::validation_message(violations), 400, {}};
  };
  out.malformed_code = "MalformedInput";
  out.unknown = {"InvalidAction", "", 400, {}};
  return out;
}

}  // namespace

CloudWatchService::CloudWatchService(Parts parts)
    : metrics_(parts.metrics), alarms_(parts.alarms), clock_(parts.clock), service_(cloudwatch::model(), settings()) {
  add_data();
  add_alarms();
}

void CloudWatchService::add_data() {
  service_.on<cloudwatch::PutMetricData>([this](auto call, auto r) { return put_data(std::move(call), std::move(r)); });
  service_.on<cloudwatch::GetMetricStatistics>(
      [this](auto call, auto r) { return statistics(std::move(call), std::move(r)); });
  service_.on<cloudwatch::GetMetricData>(
      [this](auto call, auto r) { return metric_data(std::move(call), std::move(r)); });
  service_.on<cloudwatch::ListMetrics>(
      [this](auto call, auto r) { return list_metrics(std::move(call), std::move(r)); });
}

void CloudWatchService::add_alarms() {
  service_.on<cloudwatch::PutMetricAlarm>(
      [this](auto call, auto r) { return put_alarm(std::move(call), std::move(r)); });
  service_.on<cloudwatch::DescribeAlarms>(
      [this](auto call, auto r) { return describe_alarms(std::move(call), std::move(r)); });
  service_.on<cloudwatch::DescribeAlarmsForMetric>(
      [this](auto call, auto r) { return alarms_for_metric(std::move(call), std::move(r)); });
  service_.on<cloudwatch::DeleteAlarms>(
      [this](auto call, auto r) { return delete_alarms(std::move(call), std::move(r)); });
  service_.on<cloudwatch::SetAlarmState>(
      [this](auto call, auto r) { return set_alarm_state(std::move(call), std::move(r)); });
  using Actions = gust::metrics::Alarm::Actions;
  service_.on<cloudwatch::EnableAlarmActions>([this](auto call, auto r) {
    return switch_actions(std::move(call), std::move(r.alarm_names), Actions::kEnabled);
  });
  service_.on<cloudwatch::DisableAlarmActions>([this](auto call, auto r) {
    return switch_actions(std::move(call), std::move(r.alarm_names), Actions::kDisabled);
  });
  service_.on<cloudwatch::DescribeAlarmHistory>(
      [this](auto call, auto r) { return alarm_history(std::move(call), std::move(r)); });
  service_.on<cloudwatch::TagResource>([this](auto call, auto r) { return tag(std::move(call), std::move(r)); });
  service_.on<cloudwatch::UntagResource>([this](auto call, auto r) { return untag(std::move(call), std::move(r)); });
  service_.on<cloudwatch::ListTagsForResource>(
      [this](auto call, auto r) { return list_tags(std::move(call), std::move(r)); });
}

}  // namespace gust::api
