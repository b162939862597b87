// Scheduled actions.
#include "api/applicationautoscaling/service.h"

namespace gust::api {
namespace {

autoscaling::ScheduledAction to_answer(const wire::Call& call, const scaling::ScheduledAction& action) {
  autoscaling::ScheduledAction out;
  out.scheduled_action_name = action.name;
  out.scheduled_action_arn =
      scaling_arn(call, "scheduledAction", "scheduledActionName", action.resource, action.id, action.name);
  out.service_namespace = scaling::kNamespace;
  out.schedule = action.schedule;
  if (!action.timezone.empty()) out.timezone = action.timezone;
  out.resource_id = action.resource.id;
  out.scalable_dimension = scaling::kDimension;
  out.start_time = action.start;
  out.end_time = action.end;
  auto& bounds = out.scalable_target_action.emplace();
  if (action.min) bounds.min_capacity = static_cast<std::int32_t>(*action.min);
  if (action.max) bounds.max_capacity = static_cast<std::int32_t>(*action.max);
  out.creation_time = action.created_at;
  return out;
}

}  // namespace

ScalingReply<autoscaling::PutScheduledActionResponse> ApplicationAutoScalingService::put_action(
    wire::Call call, autoscaling::PutScheduledActionRequest request) {
  GUST_CO_TRY(const auto resource, resource_of(call, request));
  GUST_CO_CHECK(check_name(request.scheduled_action_name, "ScheduledActionName", ":/|"));
  scaling::ScheduledActionChange change;
  change.schedule = request.schedule;
  change.timezone = request.timezone;
  change.start = request.start_time;
  change.end = request.end_time;
  if (const auto& bounds = request.scalable_target_action) {
    change.bounds.emplace();
    GUST_CO_TRY(change.bounds->min, capacity_of(bounds->min_capacity, "MinCapacity"));
    GUST_CO_TRY(change.bounds->max, capacity_of(bounds->max_capacity, "MaxCapacity"));
  }
  GUST_CO_CHECK(co_await registry_.put_action(resource, request.scheduled_action_name, std::move(change)));
  co_return autoscaling::PutScheduledActionResponse{};
}

ScalingReply<autoscaling::DeleteScheduledActionResponse> ApplicationAutoScalingService::delete_action(
    wire::Call call, autoscaling::DeleteScheduledActionRequest request) {
  GUST_CO_TRY(const auto resource, resource_of(call, request));
  GUST_CO_CHECK(co_await registry_.remove_action(resource, request.scheduled_action_name));
  co_return autoscaling::DeleteScheduledActionResponse{};
}

ScalingReply<autoscaling::DescribeScheduledActionsResponse> ApplicationAutoScalingService::describe_actions(
    wire::Call call, autoscaling::DescribeScheduledActionsRequest request) {
  GUST_CO_TRY(auto query, query_of(call, request, 50));
  query.names = request.scheduled_action_names.value_or(std::vector<std::string>());
  GUST_CO_TRY(const auto page, co_await registry_.actions(std::move(query)));
  autoscaling::DescribeScheduledActionsResponse out;
  out.scheduled_actions.emplace();
  for (const auto& action : page.items) out.scheduled_actions->push_back(to_answer(call, action));
  out.next_token = token_of(page.next);
  co_return out;
}

void ApplicationAutoScalingService::add_actions() {
  service_.on<autoscaling::PutScheduledAction>(
      [this](auto call, auto request) { return put_action(std::move(call), std::move(request)); });
  service_.on<autoscaling::DeleteScheduledAction>(
      [this](auto call, auto request) { return delete_action(std::move(call), std::move(request)); });
  service_.on<autoscaling::DescribeScheduledActions>(
      [this](auto call, auto request) { return describe_actions(std::move(call), std::move(request)); });
}

}  // namespace gust::api
