// PutMetricAlarm: what an alarm may be. Source: PutMetricAlarm of the CloudWatch API.
#include "api/cloudwatch/service.h"
#include "metrics/limits.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

namespace store = gust::metrics;

constexpr std::int64_t kHour = 3600, kDay = 86400, kWeek = 7 * kDay;

// Has Gust none of it, it is refused rather than forgotten.
Result<void> refuse_unserved(const cloudwatch::PutMetricAlarmInput& request) {
  if (request.metrics || request.threshold_metric_id) {
    return not_served(
        "Metrics and ThresholdMetricId are not served: an alarm watches one metric, given by Namespace and MetricName");
  }
  if (request.evaluation_window || request.evaluation_criteria || request.evaluation_interval)
    return not_served("EvaluationWindow, EvaluationCriteria and EvaluationInterval are not served");
  if (request.evaluate_low_sample_count_percentile.value_or("evaluate") != "evaluate") {
    return not_served("EvaluateLowSampleCountPercentile is served as 'evaluate' only: percentiles of few values, too");
  }
  return {};
}

Result<store::Statistic> statistic_of(const cloudwatch::PutMetricAlarmInput& request) {
  if (!request.statistic == !request.extended_statistic)
    return invalid_combination("Exactly one of the parameters Statistic and ExtendedStatistic must be specified.");
  if (request.statistic) return store::parse_statistic(*request.statistic);
  GUST_TRY(auto out, store::parse_statistic(*request.extended_statistic));
  if (!out.is_extended())
    return invalid_value(fmt::format("The value {} for parameter ExtendedStatistic is not valid.", out.name));
  return out;
}

Result<void> read_evaluation(const cloudwatch::PutMetricAlarmInput& request, store::Alarm& out) {
  if (!request.period) return missing_parameter("Period");
  if (!request.evaluation_periods) return missing_parameter("EvaluationPeriods");
  if (!request.threshold) return missing_parameter("Threshold");
  if (!store::is_value(*request.threshold))
    return invalid_value("The value of the parameter Threshold must be a number between -2^360 and 2^360.");
  if (!request.comparison_operator) return missing_parameter("ComparisonOperator");
  const std::int64_t period = *request.period, periods = *request.evaluation_periods;
  if (period != 10 && period != 20 && period != 30 && period % 60 != 0)
    return invalid_alarm("Invalid period: it must be 10, 20, 30 or a multiple of 60");
  const auto longest = period >= kHour ? kWeek : kDay;
  if (period > longest || periods > longest / period)
    return invalid_alarm(fmt::format(
        "Metrics cannot be checked across more than {0} seconds (EvaluationPeriods * Period must be <= {0})", longest));
  const auto comparison = store::parse_comparison(*request.comparison_operator);
  if (!comparison) {
    return not_served(
        fmt::format("ComparisonOperator {} is not served: it is for anomaly detection, which Gust has not",
                    *request.comparison_operator));
  }
  if (request.datapoints_to_alarm && *request.datapoints_to_alarm > periods)
    return invalid_alarm("DatapointsToAlarm must be less than or equal to EvaluationPeriods");
  if (request.treat_missing_data) {
    out.missing = store::parse_missing(*request.treat_missing_data);
    if (!out.missing) {
      return invalid_value(fmt::format("The value {} for parameter TreatMissingData must be breaching, notBreaching, "
                                       "ignore or missing.",
                                       *request.treat_missing_data));
    }
  }
  out.period_s = static_cast<std::int32_t>(period);
  out.evaluation_periods = static_cast<std::int32_t>(periods);
  out.datapoints_to_alarm = request.datapoints_to_alarm;
  out.threshold = *request.threshold;
  out.comparison = *comparison;
  return {};
}

Result<store::Alarm> to_alarm_row(const wire::Call& call, const cloudwatch::PutMetricAlarmInput& request) {
  GUST_CHECK(refuse_unserved(request));
  if (!request.namespace_) return missing_parameter("Namespace");
  if (!request.metric_name) return missing_parameter("MetricName");
  store::Alarm out;
  GUST_TRY(out.statistic, statistic_of(request));
  GUST_CHECK(read_evaluation(request, out));
  GUST_TRY(auto dimensions, dimensions_of(request.dimensions));
  out.metric = metric_of(call, *request.namespace_, *request.metric_name, std::move(dimensions));
  out.unit = unit_of(request.unit);
  out.name = request.alarm_name;
  out.region = call.context.region;
  out.description = request.alarm_description;
  const bool enabled = request.actions_enabled.value_or(true);
  out.actions = enabled ? store::Alarm::Actions::kEnabled : store::Alarm::Actions::kDisabled;
  out.on_ok = request.ok_actions.value_or(std::vector<std::string>());
  out.on_alarm = request.alarm_actions.value_or(std::vector<std::string>());
  out.on_insufficient_data = request.insufficient_data_actions.value_or(std::vector<std::string>());
  for (const auto& tag : request.tags.value_or(std::vector<cloudwatch::Tag>())) {
    if (!out.tags.emplace(tag.key, tag.value).second)
      return invalid_value(fmt::format("The tag {} is given twice.", tag.key));
  }
  return out;
}

}  // namespace

CloudWatchReply<cloudwatch::Empty> CloudWatchService::put_alarm(wire::Call call,
                                                                cloudwatch::PutMetricAlarmInput request) {
  GUST_CO_TRY(auto alarm, to_alarm_row(call, request));
  GUST_CO_CHECK(co_await alarms_.put(std::move(alarm)));
  co_return cloudwatch::Empty{};
}

}  // namespace gust::api
