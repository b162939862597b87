// ListMetrics: those with values in the last two weeks, or in the last three hours.
#include "api/cloudwatch/service.h"
#include "codec/json.h"
#include "metrics/rows.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::metrics;

constexpr std::size_t kPage = 500;
constexpr std::chrono::hours kListed{14 * 24}, kRecent{3};

bool has(const store::Dimensions& dimensions, const cloudwatch::DimensionFilter& filter) {
  const auto found = dimensions.find(filter.name);
  return found != dimensions.end() && (!filter.value || found->second == *filter.value);
}

}  // namespace

CloudWatchReply<cloudwatch::ListMetricsOutput> CloudWatchService::list_metrics(wire::Call call,
                                                                               cloudwatch::ListMetricsInput request) {
  const auto& account = call.context.principal.account;
  if (request.include_linked_accounts.value_or(false) ||
      (request.owning_account && *request.owning_account != account.str()))
    co_return not_served("IncludeLinkedAccounts and OwningAccount are not served: accounts are not linked");
  GUST_CO_TRY(const auto place, parse_place(request.next_token));
  std::optional<store::MetricKey> after;
  if (!place.empty()) {
    auto row = store::rows::decode_metric(place);
    if (!row || row->metric.account != account)
      co_return fail(Code::kInvalid, "The value of NextToken is none that was given.", "token");
    after = std::move(row->metric);
  }
  const auto wanted = [&](const store::MetricKey& metric) {
    if (request.namespace_ && *request.namespace_ != metric.name_space) return false;
    if (request.metric_name && *request.metric_name != metric.name) return false;
    const auto filters = request.dimensions.value_or(std::vector<cloudwatch::DimensionFilter>());
    return std::ranges::all_of(filters, [&](const auto& filter) { return has(metric.dimensions, filter); });
  };
  const auto since = clock_.now() - (request.recently_active ? kRecent : kListed);
  auto found = metrics_.list(account, after, since, kPage + 1, wanted);
  cloudwatch::ListMetricsOutput out;
  if (found.size() > kPage) {
    found.pop_back();
    out.next_token = place_token(store::rows::encode(store::rows::MetricRow{found.back(), 0}));
  }
  auto& metrics = out.metrics.emplace();
  for (const auto& metric : found) {
    auto& one = metrics.emplace_back();
    one.namespace_ = metric.name_space;
    one.metric_name = metric.name;
    one.dimensions = to_dimensions(metric.dimensions);
  }
  co_return out;
}

}  // namespace gust::api
