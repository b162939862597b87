// PutMetricData: what a datum may be. Source: PutMetricData of the CloudWatch API.
#include "api/cloudwatch/service.h"
#include "metrics/limits.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

namespace store = gust::metrics;

constexpr std::size_t kMaxData = 1000, kMaxValues = 150;
constexpr std::string_view kReserved = "AWS/";

// "MetricData.member.3", as the service names a datum.
struct Place {
  std::size_t number = 0;
  std::string name(std::string_view member) const { return fmt::format("MetricData.member.{}.{}", number, member); }
};

Result<double> checked(const Place& place, std::string_view member, double value) {
  if (store::is_value(value)) return value;
  return invalid_value(fmt::format("The value {} for parameter {} must be a number between -2^360 and 2^360.", value,
                                   place.name(member)));
}

Result<double> checked_count(const Place& place, std::string_view member, double value) {
  GUST_TRY(const auto count, checked(place, member, value));
  if (count > 0) return count;
  return invalid_value(fmt::format("The value {} for parameter {} must be greater than 0.", value, place.name(member)));
}

Result<void> add_set(const Place& place, const cloudwatch::StatisticSet& set, store::Summary& out) {
  GUST_TRY(const auto count, checked_count(place, "StatisticValues.SampleCount", set.sample_count));
  GUST_TRY(const auto sum, checked(place, "StatisticValues.Sum", set.sum));
  GUST_TRY(const auto least, checked(place, "StatisticValues.Minimum", set.minimum));
  GUST_TRY(const auto greatest, checked(place, "StatisticValues.Maximum", set.maximum));
  if (least > greatest) {
    const auto minimum = place.name("StatisticValues.Minimum"), maximum = place.name("StatisticValues.Maximum");
    return invalid_combination(fmt::format("{} must be less than or equal to {}.", minimum, maximum));
  }
  out.add_set(count, sum, least, greatest);
  return {};
}

Result<void> add_values(const Place& place, const std::vector<double>& values,
                        const std::optional<std::vector<double>>& counts, store::Summary& out) {
  if (values.empty() || values.size() > kMaxValues)
    return invalid_value(fmt::format("{} must have 1 to {} members.", place.name("Values"), kMaxValues));
  if (counts && counts->size() != values.size()) {
    return invalid_combination(fmt::format("The parameters {} and {} must be of the same size.", place.name("Values"),
                                           place.name("Counts")));
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    GUST_TRY(const auto value, checked(place, "Values", values[i]));
    GUST_TRY(const auto count, checked_count(place, "Counts", counts ? (*counts)[i] : 1));
    out.add(value, count);
  }
  return {};
}

Result<void> add_all(const Place& place, const cloudwatch::MetricDatum& datum, store::Summary& out) {
  const int given = (datum.value ? 1 : 0) + (datum.values ? 1 : 0) + (datum.statistic_values ? 1 : 0);
  if (given == 0) return missing_parameter(place.name("Value"));
  if (given > 1) {
    return invalid_combination(fmt::format("The parameters {}, {} and {} are mutually exclusive and you have specified "
                                           "more than one of them.",
                                           place.name("Value"), place.name("Values"), place.name("StatisticValues")));
  }
  if (datum.counts && !datum.values)
    return invalid_combination(fmt::format("{} must come with {}.", place.name("Counts"), place.name("Values")));
  if (datum.values) return add_values(place, *datum.values, datum.counts, out);
  if (datum.statistic_values) return add_set(place, *datum.statistic_values, out);
  GUST_TRY(const auto value, checked(place, "Value", *datum.value));
  out.add(value);
  return {};
}

Result<store::Sample> to_sample(const wire::Call& call, const Place& place, const std::string& name_space,
                                const cloudwatch::MetricDatum& datum, WallTime now) {
  store::Sample out;
  GUST_TRY(auto dimensions, dimensions_of(datum.dimensions));
  out.metric = metric_of(call, name_space, datum.metric_name, std::move(dimensions));
  out.unit = unit_of(datum.unit).value_or(store::kNoUnit);
  out.at = datum.timestamp.value_or(now);
  if (!store::is_time(out.at, now)) {
    return invalid_value(fmt::format(
        "The parameter {} must specify a time no more than two hours in the future and two weeks in the past.",
        place.name("Timestamp")));
  }
  const auto resolution = datum.storage_resolution.value_or(60);
  if (resolution != 1 && resolution != 60) {
    return invalid_value(
        fmt::format("The value {} for parameter {} must be 1 or 60.", resolution, place.name("StorageResolution")));
  }
  out.resolution = resolution == 1 ? store::Resolution::kSecond : store::Resolution::kMinute;
  GUST_CHECK(add_all(place, datum, out.summary));
  return out;
}

}  // namespace

CloudWatchReply<cloudwatch::Empty> CloudWatchService::put_data(wire::Call call,
                                                               cloudwatch::PutMetricDataInput request) {
  if (request.entity_metric_data || request.strict_entity_validation)
    co_return not_served("EntityMetricData and StrictEntityValidation are not served: Gust keeps no entities");
  if (!request.metric_data || request.metric_data->empty()) co_return missing_parameter("MetricData");
  if (request.metric_data->size() > kMaxData)
    co_return invalid_value(fmt::format("The collection MetricData must not have a size greater than {}.", kMaxData));
  if (request.namespace_.starts_with(kReserved) || request.namespace_.starts_with(':')) {
    co_return invalid_value(fmt::format("The value {} for parameter Namespace is invalid: AWS/ is the services' own",
                                        request.namespace_));
  }
  const auto now = clock_.now();
  std::vector<store::Sample> samples;
  for (std::size_t i = 0; i < request.metric_data->size(); ++i) {
    GUST_CO_TRY(auto sample, to_sample(call, Place{i + 1}, request.namespace_, (*request.metric_data)[i], now));
    samples.push_back(std::move(sample));
  }
  GUST_CO_CHECK(co_await metrics_.put(std::move(samples)));
  co_return cloudwatch::Empty{};
}

}  // namespace gust::api
