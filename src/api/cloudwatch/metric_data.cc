// GetMetricData: many metrics and expressions over them at once. Source: GetMetricData of the CloudWatch API.
#include "api/cloudwatch/service.h"
#include "api/cloudwatch/time_span.h"
#include "metrics/math.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

namespace gust::api {
namespace {

namespace store = gust::metrics;

constexpr std::size_t kMaxQueries = 500, kMaxPoints = 100'800;
constexpr std::int64_t kMaxRead = 1'000'000;  // pieces of all queries of a request

bool is_id(std::string_view id) {
  const auto rest = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !id.empty() && id[0] >= 'a' && id[0] <= 'z' && std::ranges::all_of(id, rest);
}

Result<void> check_query(const wire::Call& call, const cloudwatch::MetricDataQuery& query) {
  if (!is_id(query.id))
    return invalid_alarm(fmt::format("The value {} for Id must match ^[a-z][a-zA-Z0-9_]*$.", query.id));
  if (query.account_id && *query.account_id != call.context.principal.account.str())
    return not_served("AccountId is not served but for the caller's own: accounts are not linked");
  if (!query.metric_stat == !query.expression)
    return invalid_alarm(fmt::format("The query {} must have exactly one of MetricStat and Expression.", query.id));
  if (query.label && query.label->contains("${"))
    return not_served("Labels with ${...} are not served: a label is text as it stands");
  if (query.expression && query.expression->starts_with("SELECT "))
    return not_served("Metrics Insights (SELECT) is not served; metric math with AVG, MAX, MIN, SUM and FILL is");
  if (!query.metric_stat) return {};
  if (query.period) return invalid_alarm("Period beside MetricStat is not valid: the period is MetricStat's.");
  return check_period(query.metric_stat->period, "MetricStat.Period");
}

Result<void> check_request(const wire::Call& call, const cloudwatch::GetMetricDataInput& request) {
  if (request.label_options) return not_served("LabelOptions is not served: labels are text as they stand");
  const auto& queries = request.metric_data_queries;
  if (queries.empty() || queries.size() > kMaxQueries)
    return invalid_alarm(fmt::format("MetricDataQueries must have 1 to {} members.", kMaxQueries));
  std::set<std::string> ids;
  std::int64_t pieces = 0;
  const auto seconds = (request.end_time - request.start_time).count() / 1000;
  for (const auto& query : queries) {
    GUST_CHECK(check_query(call, query));
    if (!ids.insert(query.id).second) return invalid_alarm(fmt::format("The id {} is there twice.", query.id));
    if (query.metric_stat) pieces += std::max<std::int64_t>(seconds, 0) / query.metric_stat->period + 1;
  }
  if (pieces > kMaxRead)
    return invalid_value(
        fmt::format("The queries have up to {} values, which is more than {}: make Period longer or the time shorter.",
                    pieces, kMaxRead));
  if (std::ranges::none_of(queries, [](const auto& query) { return query.return_data.value_or(true); }))
    return invalid_alarm("At least one query must return data: ReturnData is false for all of them.");
  return {};
}

store::ValueSeries to_series(const std::vector<store::FoundPiece>& pieces, const store::Statistic& statistic,
                             const store::PiecesQuery& query) {
  std::map<std::int64_t, store::Summary> merged;  // of all units
  for (const auto& piece : pieces) merged[piece.start_s].merge(piece.summary);
  store::ValueSeries out{{}, query.from_s, query.to_s, query.period_s};
  for (const auto& [at, summary] : merged) {
    if (const auto value = store::value_of(statistic, summary)) out.values.emplace(at, *value);
  }
  return out;
}

// Computes expressions, each once, and those that it needs before it.
class Expressions {
 public:
  Expressions(const std::vector<cloudwatch::MetricDataQuery>& queries, std::map<std::string, store::MathValue> known)
      : known_(std::move(known)) {
    for (const auto& query : queries) {
      if (query.expression) texts_.emplace(query.id, *query.expression);
    }
  }

  Result<store::MathValue> value(const std::string& id) {
    if (const auto known = known_.find(id); known != known_.end()) return known->second;
    const auto text = texts_.find(id);
    if (text == texts_.end())
      return fail(Code::kInvalid, fmt::format("there is no query with the id '{}'", id), "math");
    if (!open_.insert(id).second || open_.size() > kDeepest)
      return fail(Code::kInvalid, fmt::format("the expression '{}' needs itself, or too many others", id), "math");
    const store::Lookup lookup = [this](const std::string& other) { return value(other); };
    auto out = store::compute(text->second, lookup);
    open_.erase(id);
    if (!out) return std::unexpected(std::move(out).error());
    if (const auto* series = std::get_if<store::ValueSeries>(&*out)) computed_ += series->values.size();
    if (computed_ > kMaxComputed) return fail(Code::kInvalid, "the expressions have too many values together", "math");
    known_.emplace(id, *out);
    return *std::move(out);
  }

 private:
  static constexpr std::size_t kDeepest = 32, kMaxComputed = 2'000'000;
  std::size_t computed_ = 0;
  std::map<std::string, store::MathValue> known_;
  std::map<std::string, std::string> texts_;
  std::set<std::string> open_;
};

Result<store::ValueSeries> series_of(const std::string& id, Expressions& expressions) {
  auto value = expressions.value(id);
  if (!value) {
    value.error().message = fmt::format("Error in expression '{}': {}", id, value.error().message);
    if (value.error().code == Code::kInvalid) value.error().source = "alarm";
    return std::unexpected(std::move(value).error());
  }
  if (auto* series = std::get_if<store::ValueSeries>(&*value)) return std::move(*series);
  return invalid_alarm(fmt::format("Error in expression '{}': a result that is returned must be one time series", id));
}

Result<std::size_t> given_before(const std::optional<std::string>& token) {
  GUST_TRY(const auto place, parse_place(token));
  std::size_t out = 0;
  if (place.empty()) return out;
  const auto [end, error] = std::from_chars(place.data(), place.data() + place.size(), out);
  if (error != std::errc() || end != place.data() + place.size())
    return fail(Code::kInvalid, "The value of NextToken is none that was given.", "token");
  return out;
}

// The points of all results one after another, of which a page has a part.
struct PageOf {
  std::size_t skip = 0, left = 0, given = 0;
  bool more = false;

  void add(cloudwatch::MetricDataResult& result, std::int64_t at_s, double value) {
    if (skip > 0) {
      --skip;
    } else if (left == 0) {
      more = true;
    } else {
      result.timestamps->push_back(from_epoch_ms(at_s * 1000));
      result.values->push_back(value);
      --left;
      ++given;
    }
  }
};

void add_points(cloudwatch::MetricDataResult& result, const store::ValueSeries& series, bool ascending, PageOf& page) {
  result.timestamps.emplace();
  result.values.emplace();
  if (ascending) {
    for (const auto& [at, value] : series.values) page.add(result, at, value);
  } else {
    for (auto it = series.values.rbegin(); it != series.values.rend(); ++it) page.add(result, it->first, it->second);
  }
  result.status_code = page.more ? "PartialData" : "Complete";
}

}  // namespace

CloudWatchReply<cloudwatch::GetMetricDataOutput> CloudWatchService::metric_data(
    wire::Call call, cloudwatch::GetMetricDataInput request) {
  GUST_CO_CHECK(check_request(call, request));
  GUST_CO_TRY(const auto before, given_before(request.next_token));
  const auto most = request.max_datapoints.value_or(static_cast<std::int32_t>(kMaxPoints));
  if (most < 1 || most > static_cast<std::int32_t>(kMaxPoints))
    co_return invalid_value(fmt::format("The value {} for parameter MaxDatapoints must be 1 to {}.", most, kMaxPoints));
  std::map<std::string, store::MathValue> known;
  for (const auto& query : request.metric_data_queries) {
    if (!query.metric_stat) continue;
    const auto& stat = *query.metric_stat;
    GUST_CO_TRY(const auto statistic, store::parse_statistic(stat.stat));
    GUST_CO_TRY(const auto span, time_span(request.start_time, request.end_time, stat.period, clock_.now()));
    GUST_CO_TRY(auto dimensions, dimensions_of(stat.metric.dimensions));
    if (!stat.metric.namespace_) co_return missing_parameter("MetricStat.Metric.Namespace");
    if (!stat.metric.metric_name) co_return missing_parameter("MetricStat.Metric.MetricName");
    store::PiecesQuery pieces;
    pieces.metric = metric_of(call, *stat.metric.namespace_, *stat.metric.metric_name, std::move(dimensions));
    pieces.unit = unit_of(stat.unit);
    pieces.from_s = span.from_s;
    pieces.to_s = span.to_s;
    pieces.period_s = stat.period;
    GUST_CO_TRY(const auto found, co_await metrics_.read(pieces));
    known.emplace(query.id, to_series(found, statistic, pieces));
  }
  Expressions expressions(request.metric_data_queries, std::move(known));
  PageOf page{before, static_cast<std::size_t>(most), 0, false};
  const bool ascending = request.scan_by.value_or("") == "TimestampAscending";
  cloudwatch::GetMetricDataOutput out;
  auto& results = out.metric_data_results.emplace();
  for (const auto& query : request.metric_data_queries) {
    if (!query.return_data.value_or(true)) continue;
    GUST_CO_TRY(const auto series, series_of(query.id, expressions));
    auto& result = results.emplace_back();
    result.id = query.id;
    result.label = query.label.value_or(query.metric_stat ? *query.metric_stat->metric.metric_name : query.id);
    add_points(result, series, ascending, page);
  }
  if (page.more) out.next_token = place_token(std::to_string(before + page.given));
  out.messages.emplace();
  co_return out;
}

}  // namespace gust::api
