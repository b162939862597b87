// Scalable targets, what became of them, and their tags.
#include "api/applicationautoscaling/service.h"

namespace gust::api {
namespace {

using scaling::Activity;
using scaling::Target;

std::string role_of(const Target& target) {
  return fmt::format(
      "arn:aws:iam::{}:role/aws-service-role/lambda.application-autoscaling.amazonaws.com/"
      "AWSServiceRoleForApplicationAutoScaling_LambdaConcurrency",
      target.resource.account);
}

std::string arn_of(const wire::Call& call, const Target& target) {
  return fmt::format("arn:aws:application-autoscaling:{}:{}:scalable-target/{}", call.context.region,
                     target.resource.account, target.id);
}

autoscaling::ScalableTarget to_answer(const wire::Call& call, const Target& target) {
  autoscaling::ScalableTarget out;
  out.service_namespace = scaling::kNamespace;
  out.resource_id = target.resource.id;
  out.scalable_dimension = scaling::kDimension;
  out.min_capacity = static_cast<std::int32_t>(target.min);
  out.max_capacity = static_cast<std::int32_t>(target.max);
  out.role_arn = role_of(target);
  out.creation_time = target.created_at;
  out.suspended_state.emplace();
  out.suspended_state->dynamic_scaling_in_suspended = target.suspended.scale_in;
  out.suspended_state->dynamic_scaling_out_suspended = target.suspended.scale_out;
  out.suspended_state->scheduled_scaling_suspended = target.suspended.schedules;
  out.scalable_target_arn = arn_of(call, target);
  return out;
}

autoscaling::ScalingActivity to_answer(const Activity& activity) {
  constexpr std::string_view kStatuses[] = {"InProgress", "Successful", "Failed"};
  autoscaling::ScalingActivity out;
  out.activity_id = activity.id;
  out.service_namespace = scaling::kNamespace;
  out.resource_id = activity.resource.id;
  out.scalable_dimension = scaling::kDimension;
  out.description = activity.description;
  out.cause = activity.cause;
  out.start_time = activity.started_at;
  out.end_time = activity.ended_at;
  out.status_code = kStatuses[static_cast<std::size_t>(activity.status)];
  if (!activity.message.empty()) out.status_message = activity.message;
  return out;
}

// The id at the end of a target's ARN; the model has checked the form.
Result<std::string> target_id(const wire::Call& call, const std::string& text) {
  GUST_TRY(const auto arn, Arn::parse(text));
  if (arn.account != call.context.principal.account.str())
    return fail(Code::kNotFound, fmt::format("No scalable target of this account has the ARN {}", text), "arn");
  return arn.resource.substr(arn.resource.find('/') + 1);
}

}  // namespace

ScalingReply<autoscaling::RegisterScalableTargetResponse> ApplicationAutoScalingService::register_target(
    wire::Call call, autoscaling::RegisterScalableTargetRequest request) {
  GUST_CO_TRY(const auto resource, resource_of(call, request));
  scaling::TargetChange change;
  GUST_CO_TRY(change.min, capacity_of(request.min_capacity, "MinCapacity"));
  GUST_CO_TRY(change.max, capacity_of(request.max_capacity, "MaxCapacity"));
  if (const auto& suspended = request.suspended_state) {
    change.scale_in_suspended = suspended->dynamic_scaling_in_suspended;
    change.scale_out_suspended = suspended->dynamic_scaling_out_suspended;
    change.schedules_suspended = suspended->scheduled_scaling_suspended;
  }
  change.tags = request.tags;
  GUST_CO_TRY(const auto target, co_await registry_.put_target(resource, std::move(change)));
  GUST_CO_CHECK(co_await scaler_.settle());
  autoscaling::RegisterScalableTargetResponse out;
  out.scalable_target_arn = arn_of(call, target);
  co_return out;
}

ScalingReply<autoscaling::DeregisterScalableTargetResponse> ApplicationAutoScalingService::deregister_target(
    wire::Call call, autoscaling::DeregisterScalableTargetRequest request) {
  GUST_CO_TRY(const auto resource, resource_of(call, request));
  GUST_CO_CHECK(co_await registry_.remove_target(resource));
  co_return autoscaling::DeregisterScalableTargetResponse{};
}

ScalingReply<autoscaling::DescribeScalableTargetsResponse> ApplicationAutoScalingService::describe_targets(
    wire::Call call, autoscaling::DescribeScalableTargetsRequest request) {
  const auto ids = request.resource_ids.value_or(std::vector<std::string>());
  GUST_CO_TRY(auto query, start_query(call, request.service_namespace, request.scalable_dimension, ids.size(),
                                      request.max_results, 50, request.next_token));
  query.resources = ids;
  GUST_CO_TRY(const auto page, co_await registry_.targets(std::move(query)));
  autoscaling::DescribeScalableTargetsResponse out;
  out.scalable_targets.emplace();
  for (const auto& target : page.items) out.scalable_targets->push_back(to_answer(call, target));
  out.next_token = token_of(page.next);
  co_return out;
}

// Changes that did not come to be are not kept: IncludeNotScaledActivities adds none.
ScalingReply<autoscaling::DescribeScalingActivitiesResponse> ApplicationAutoScalingService::describe_activities(
    wire::Call call, autoscaling::DescribeScalingActivitiesRequest request) {
  GUST_CO_TRY(auto query, query_of(call, request, 50));
  GUST_CO_TRY(const auto page, co_await registry_.activities(std::move(query)));
  autoscaling::DescribeScalingActivitiesResponse out;
  out.scaling_activities.emplace();
  for (const auto& activity : page.items) out.scaling_activities->push_back(to_answer(activity));
  out.next_token = token_of(page.next);
  co_return out;
}

ScalingReply<autoscaling::TagResourceResponse> ApplicationAutoScalingService::tag(
    wire::Call call, autoscaling::TagResourceRequest request) {
  GUST_CO_TRY(const auto id, target_id(call, request.resource_arn));
  auto change = [tags = request.tags](scaling::Registry::Tags& changed) {
    for (const auto& [key, value] : tags) changed.insert_or_assign(key, value);
  };
  GUST_CO_CHECK(co_await registry_.retag(call.context.principal.account, id, std::move(change)));
  co_return autoscaling::TagResourceResponse{};
}

ScalingReply<autoscaling::UntagResourceResponse> ApplicationAutoScalingService::untag(
    wire::Call call, autoscaling::UntagResourceRequest request) {
  GUST_CO_TRY(const auto id, target_id(call, request.resource_arn));
  auto change = [keys = request.tag_keys](scaling::Registry::Tags& changed) {
    for (const auto& key : keys) changed.erase(key);
  };
  GUST_CO_CHECK(co_await registry_.retag(call.context.principal.account, id, std::move(change)));
  co_return autoscaling::UntagResourceResponse{};
}

ScalingReply<autoscaling::ListTagsForResourceResponse> ApplicationAutoScalingService::list_tags(
    wire::Call call, autoscaling::ListTagsForResourceRequest request) {
  GUST_CO_TRY(const auto id, target_id(call, request.resource_arn));
  GUST_CO_TRY(const auto target, co_await registry_.target_by_id(call.context.principal.account, id));
  autoscaling::ListTagsForResourceResponse out;
  out.tags = target.tags;
  co_return out;
}

void ApplicationAutoScalingService::add_targets() {
  service_.on<autoscaling::RegisterScalableTarget>(
      [this](auto call, auto request) { return register_target(std::move(call), std::move(request)); });
  service_.on<autoscaling::DeregisterScalableTarget>(
      [this](auto call, auto request) { return deregister_target(std::move(call), std::move(request)); });
  service_.on<autoscaling::DescribeScalableTargets>(
      [this](auto call, auto request) { return describe_targets(std::move(call), std::move(request)); });
  service_.on<autoscaling::DescribeScalingActivities>(
      [this](auto call, auto request) { return describe_activities(std::move(call), std::move(request)); });
  service_.on<autoscaling::TagResource>(
      [this](auto call, auto request) { return tag(std::move(call), std::move(request)); });
  service_.on<autoscaling::UntagResource>(
      [this](auto call, auto request) { return untag(std::move(call), std::move(request)); });
  service_.on<autoscaling::ListTagsForResource>(
      [this](auto call, auto request) { return list_tags(std::move(call), std::move(request)); });
}

}  // namespace gust::api
