// GetMetricStatistics. Source: GetMetricStatistics of the CloudWatch API.
#include "api/cloudwatch/service.h"
#include "api/cloudwatch/time_span.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::api {
namespace {

namespace store = gust::metrics;

constexpr std::int64_t kMaxPoints = 1440;
constexpr std::array<std::int64_t, 5> kShortPeriods = {1, 5, 10, 20, 30};

Result<std::vector<store::Statistic>> statistics_of(const cloudwatch::GetMetricStatisticsInput& request) {
  if (!request.statistics == !request.extended_statistics) {
    return invalid_combination("Must specify either Statistics or ExtendedStatistics");
  }
  std::vector<store::Statistic> out;
  for (const auto& name : request.statistics ? *request.statistics : *request.extended_statistics) {
    GUST_TRY(auto statistic, store::parse_statistic(name));
    if (statistic.is_extended() != request.extended_statistics.has_value())
      return invalid_value(fmt::format("The value {} for parameter ExtendedStatistics is not valid.", name));
    out.push_back(std::move(statistic));
  }
  return out;
}

cloudwatch::Datapoint to_datapoint(const store::FoundPiece& piece, const std::vector<store::Statistic>& statistics) {
  cloudwatch::Datapoint out;
  out.timestamp = from_epoch_ms(piece.start_s * 1000);
  out.unit = store::unit_name(piece.unit);
  for (const auto& statistic : statistics) {
    const auto value = store::value_of(statistic, piece.summary);
    switch (statistic.kind) {
      case store::Statistic::Kind::kSampleCount: out.sample_count = value; break;
      case store::Statistic::Kind::kAverage: out.average = value; break;
      case store::Statistic::Kind::kSum: out.sum = value; break;
      case store::Statistic::Kind::kMinimum: out.minimum = value; break;
      case store::Statistic::Kind::kMaximum: out.maximum = value; break;
      default:
        if (!value) break;
        if (!out.extended_statistics) out.extended_statistics.emplace();
        out.extended_statistics->emplace(statistic.name, *value);
    }
  }
  return out;
}

}  // namespace

Result<void> check_period(std::int64_t period_s, std::string_view parameter) {
  const bool is_short = std::ranges::find(kShortPeriods, period_s) != kShortPeriods.end();
  if (is_short || (period_s >= 60 && period_s % 60 == 0)) return {};
  return invalid_value(fmt::format("The value {} for parameter {} must be 1, 5, 10, 20, 30 or a multiple of 60.",
                                   period_s, parameter));
}

Result<TimeSpan> time_span(WallTime start, WallTime end, std::int64_t period_s, WallTime now) {
  if (start >= end) return invalid_value("The parameter StartTime must be less than the parameter EndTime.");
  const auto age = now - start;
  const std::int64_t step = age > std::chrono::days(63)   ? 3600
                            : age > std::chrono::days(15) ? 300
                            : period_s < 60               ? period_s
                                                          : 60;
  const auto from = std::max<std::int64_t>(to_epoch_ms(start) / 1000, 0);
  const auto to = (to_epoch_ms(end) + 999) / 1000;
  // The future has no values but for a client's clock that is ahead.
  const auto latest = to_epoch_ms(now + std::chrono::days(1)) / 1000;
  return TimeSpan{from - from % step, std::max<std::int64_t>(std::min(to, latest), 0)};
}

CloudWatchReply<cloudwatch::GetMetricStatisticsOutput> CloudWatchService::statistics(
    wire::Call call, cloudwatch::GetMetricStatisticsInput request) {
  GUST_CO_TRY(const auto statistics, statistics_of(request));
  GUST_CO_CHECK(check_period(request.period, "Period"));
  GUST_CO_TRY(const auto span, time_span(request.start_time, request.end_time, request.period, clock_.now()));
  const auto points = (to_epoch_ms(request.end_time) / 1000 - span.from_s + request.period - 1) / request.period;
  if (points > kMaxPoints) {
    co_return invalid_combination(fmt::format(
        "You have requested up to {} datapoints, which exceeds the limit of {}. You may reduce the datapoints "
        "requested by increasing Period, or decreasing the time range.",
        points, kMaxPoints));
  }
  GUST_CO_TRY(auto dimensions, dimensions_of(request.dimensions));
  store::PiecesQuery query;
  query.metric = metric_of(call, request.namespace_, request.metric_name, std::move(dimensions));
  query.unit = unit_of(request.unit);
  query.from_s = span.from_s;
  query.to_s = span.to_s;
  query.period_s = request.period;
  GUST_CO_TRY(const auto pieces, co_await metrics_.read(std::move(query)));
  cloudwatch::GetMetricStatisticsOutput out;
  out.label = request.metric_name;
  auto& datapoints = out.datapoints.emplace();
  for (const auto& piece : pieces) datapoints.push_back(to_datapoint(piece, statistics));
  co_return out;
}

}  // namespace gust::api
