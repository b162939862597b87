// Subscription filters, whose destinations are functions.
#include "api/logs/service.h"

#include <algorithm>

namespace gust::api {
namespace {

namespace store = gust::logs;

constexpr std::size_t kPage = 50;

logs::SubscriptionFilter to_answer(const store::Group& group, const store::Subscription& each) {
  logs::SubscriptionFilter out;
  out.filter_name = each.name;
  out.log_group_name = group.key.name;
  out.filter_pattern = each.pattern;
  out.destination_arn = each.destination_arn;
  if (!each.role_arn.empty()) out.role_arn = each.role_arn;
  out.distribution = each.distribution;
  out.creation_time = each.created_ms;
  return out;
}

}  // namespace

LogsReply<logs::Empty> LogsService::put_subscription(wire::Call call, logs::PutSubscriptionFilterRequest request) {
  if (request.field_selection_criteria || request.emit_system_fields)
    co_return invalid_logs_request("fieldSelectionCriteria and emitSystemFields are not served");
  store::Subscription wanted;
  wanted.name = request.filter_name;
  wanted.pattern = request.filter_pattern;
  wanted.destination_arn = request.destination_arn;
  wanted.role_arn = request.role_arn.value_or("");
  wanted.distribution = request.distribution.value_or(wanted.distribution);
  wanted.created_ms = to_epoch_ms(clock_.now());
  auto key = group_key(call, request.log_group_name);
  GUST_CO_CHECK(co_await subscriptions_.put(std::move(key), std::move(wanted), call.context.region));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::delete_subscription(wire::Call call,
                                                        logs::DeleteSubscriptionFilterRequest request) {
  auto key = group_key(call, request.log_group_name);
  GUST_CO_CHECK(co_await subscriptions_.remove(std::move(key), request.filter_name));
  co_return logs::Empty{};
}

LogsReply<logs::DescribeSubscriptionFiltersResponse> LogsService::describe_subscriptions(
    wire::Call call, logs::DescribeSubscriptionFiltersRequest request) {
  const auto* const group = groups_.find(group_key(call, request.log_group_name));
  if (group == nullptr) co_return fail(Code::kNotFound, "The specified log group does not exist.", "group");
  GUST_CO_TRY(const auto after, parse_list_token(request.next_token));
  auto sorted = group->subscriptions;
  std::ranges::sort(sorted, {}, &store::Subscription::name);
  const auto prefix = request.filter_name_prefix.value_or("");
  const auto limit = static_cast<std::size_t>(request.limit.value_or(kPage));
  logs::DescribeSubscriptionFiltersResponse out;
  auto& list = out.subscription_filters.emplace();
  for (const auto& each : sorted) {
    if (!each.name.starts_with(prefix) || (!after.empty() && each.name <= after)) continue;
    if (list.size() == limit) {
      out.next_token = list_token(*list.back().filter_name);
      break;
    }
    list.push_back(to_answer(*group, each));
  }
  co_return out;
}

void LogsService::add_subscriptions() {
  service_.on<logs::PutSubscriptionFilter>(
      [this](auto call, auto r) { return put_subscription(std::move(call), std::move(r)); });
  service_.on<logs::DeleteSubscriptionFilter>(
      [this](auto call, auto r) { return delete_subscription(std::move(call), std::move(r)); });
  service_.on<logs::DescribeSubscriptionFilters>(
      [this](auto call, auto r) { return describe_subscriptions(std::move(call), std::move(r)); });
}

}  // namespace gust::api
