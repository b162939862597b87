// Alarms: looking at them, setting and removing them, and what became of them.
#include "api/cloudwatch/service.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::metrics;

constexpr std::size_t kLongestReasonData = 4000;

bool has_action(const store::Alarm& alarm, const std::string& prefix) {
  for (const auto* arns : {&alarm.on_ok, &alarm.on_alarm, &alarm.on_insufficient_data}) {
    if (std::ranges::any_of(*arns, [&](const auto& arn) { return arn.starts_with(prefix); })) return true;
  }
  return false;
}

bool wants_metric_alarms(const std::optional<std::vector<std::string>>& types) {
  return !types || std::ranges::find(*types, "MetricAlarm") != types->end();
}

bool fits(const store::Alarm& alarm, const cloudwatch::DescribeAlarmsInput& request) {
  if (request.state_value && store::state_name(alarm.state) != *request.state_value) return false;
  return !request.action_prefix || has_action(alarm, *request.action_prefix);
}

}  // namespace

CloudWatchReply<cloudwatch::DescribeAlarmsOutput> CloudWatchService::describe_alarms(
    wire::Call call, cloudwatch::DescribeAlarmsInput request) {
  const auto account = call.context.principal.account;
  if (request.children_of_alarm_name || request.parents_of_alarm_name) {
    co_return not_served(
        "ChildrenOfAlarmName and ParentsOfAlarmName are not served: they are of composite alarms, which Gust has not");
  }
  if (request.alarm_names && request.alarm_name_prefix)
    co_return invalid_combination("AlarmNamePrefix and AlarmNames are mutually exclusive.");
  GUST_CO_TRY(auto after, parse_place(request.next_token));
  const auto limit = static_cast<std::size_t>(request.max_records.value_or(50));
  cloudwatch::DescribeAlarmsOutput out;
  auto& alarms = out.metric_alarms.emplace();
  if (!wants_metric_alarms(request.alarm_types)) co_return out;
  if (request.alarm_names) {
    for (const auto& name : *request.alarm_names) {
      GUST_CO_TRY(const auto alarm, co_await alarms_.get(account, name));
      if (alarm && fits(*alarm, request)) alarms.push_back(to_alarm(*alarm));
    }
    co_return out;
  }
  for (;;) {
    GUST_CO_TRY(const auto page, co_await alarms_.list(account, request.alarm_name_prefix.value_or(""), after, limit));
    for (const auto& alarm : page) {
      if (!fits(alarm, request)) continue;
      if (alarms.size() == limit) {
        out.next_token = place_token(*alarms.back().alarm_name);
        co_return out;
      }
      alarms.push_back(to_alarm(alarm));
    }
    if (page.size() < limit) co_return out;
    after = page.back().name;
  }
}

CloudWatchReply<cloudwatch::DescribeAlarmsForMetricOutput> CloudWatchService::alarms_for_metric(
    wire::Call call, cloudwatch::DescribeAlarmsForMetricInput request) {
  GUST_CO_TRY(auto dimensions, dimensions_of(request.dimensions));
  const auto metric = metric_of(call, request.namespace_, request.metric_name, std::move(dimensions));
  GUST_CO_TRY(const auto all, co_await alarms_.list(metric.account, "", "", store::Alarms::kMaxOfAccount));
  cloudwatch::DescribeAlarmsForMetricOutput out;
  auto& alarms = out.metric_alarms.emplace();
  for (const auto& alarm : all) {
    if (alarm.metric != metric) continue;
    if (request.period && *request.period != alarm.period_s) continue;
    if (request.unit && unit_of(request.unit) != alarm.unit) continue;
    if (request.statistic && *request.statistic != alarm.statistic.name) continue;
    if (request.extended_statistic && *request.extended_statistic != alarm.statistic.name) continue;
    alarms.push_back(to_alarm(alarm));
  }
  co_return out;
}

CloudWatchReply<cloudwatch::Empty> CloudWatchService::delete_alarms(wire::Call call,
                                                                    cloudwatch::DeleteAlarmsInput request) {
  const auto account = call.context.principal.account;
  GUST_CO_CHECK(co_await alarms_.remove(account, std::move(request.alarm_names)));
  co_return cloudwatch::Empty{};
}

CloudWatchReply<cloudwatch::Empty> CloudWatchService::set_alarm_state(wire::Call call,
                                                                      cloudwatch::SetAlarmStateInput request) {
  const auto account = call.context.principal.account;
  const auto state = store::parse_state(request.state_value);
  if (!state) co_return invalid_value(fmt::format("{} is no state of an alarm", request.state_value));
  auto data = request.state_reason_data.value_or("");
  if (!data.empty() && (data.size() > kLongestReasonData || !codec::parse_json(data)))
    co_return fail(Code::kInvalid, "StateReasonData was not valid JSON", "format");
  store::Alarms::NewState next{*state, std::move(request.state_reason), std::move(data)};
  GUST_CO_CHECK(co_await alarms_.set_state(account, std::move(request.alarm_name), std::move(next)));
  co_return cloudwatch::Empty{};
}

CloudWatchReply<cloudwatch::Empty> CloudWatchService::switch_actions(wire::Call call, std::vector<std::string> names,
                                                                     store::Alarm::Actions actions) {
  const auto account = call.context.principal.account;
  GUST_CO_CHECK(co_await alarms_.switch_actions(account, std::move(names), actions));
  co_return cloudwatch::Empty{};
}

CloudWatchReply<cloudwatch::DescribeAlarmHistoryOutput> CloudWatchService::alarm_history(
    wire::Call call, cloudwatch::DescribeAlarmHistoryInput request) {
  if (request.alarm_contributor_id)
    co_return not_served("AlarmContributorId is not served: alarms have no contributors");
  store::HistoryQuery query;
  query.account = call.context.principal.account;
  query.alarm = request.alarm_name;
  if (request.history_item_type) {
    query.kind = store::parse_history_kind(*request.history_item_type);
    if (!query.kind) co_return not_served(fmt::format("{} is not served", *request.history_item_type));
  }
  query.since = request.start_date;
  query.until = request.end_date;
  query.order = request.scan_by.value_or("") == "TimestampAscending" ? kv::Order::kForward : kv::Order::kBackward;
  query.limit = static_cast<std::size_t>(request.max_records.value_or(100));
  GUST_CO_TRY(query.after, parse_place(request.next_token));
  cloudwatch::DescribeAlarmHistoryOutput out;
  auto& items = out.alarm_history_items.emplace();
  if (!wants_metric_alarms(request.alarm_types)) co_return out;
  GUST_CO_TRY(const auto page, co_await alarms_.history(std::move(query)));
  for (const auto& item : page.items) {
    auto& one = items.emplace_back();
    one.alarm_name = item.alarm;
    one.alarm_type = "MetricAlarm";
    one.timestamp = item.at;
    one.history_item_type = store::kind_name(item.kind);
    one.history_summary = item.summary;
    one.history_data = item.data;
  }
  if (!page.more_after.empty()) out.next_token = place_token(page.more_after);
  co_return out;
}

}  // namespace gust::api
