// Scaling policies: target tracking on the use of provisioned concurrency.
#include "api/applicationautoscaling/service.h"

namespace gust::api {
namespace {

using scaling::Direction;
using scaling::Policy;

constexpr std::string_view kTargetTracking = "TargetTrackingScaling";
constexpr std::string_view kMetric = "LambdaProvisionedConcurrencyUtilization";
constexpr double kLeast = 0.1, kMost = 0.9;

std::unexpected<Error> invalid(std::string message) { return fail(Code::kInvalid, std::move(message), "policy"); }

Result<void> check_metric(const autoscaling::TargetTrackingScalingPolicyConfiguration& given) {
  if (given.customized_metric_specification)
    return invalid(fmt::format("CustomizedMetricSpecification is not served: give the predefined metric {}", kMetric));
  const auto& metric = given.predefined_metric_specification;
  if (!metric) return invalid(fmt::format("PredefinedMetricSpecification is required, with the metric {}", kMetric));
  if (metric->predefined_metric_type != kMetric) {
    return invalid(fmt::format("PredefinedMetricType {} does not fit the scalable dimension {}: expected {}",
                               metric->predefined_metric_type, scaling::kDimension, kMetric));
  }
  if (metric->resource_label) return invalid(fmt::format("ResourceLabel does not belong to the metric {}", kMetric));
  if (given.target_value >= kLeast && given.target_value <= kMost) return {};
  return invalid(fmt::format("TargetValue is {}: expected {} to {} for the metric {}", given.target_value, kLeast,
                             kMost, kMetric));
}

Result<Policy> policy_of(scaling::Resource resource, const autoscaling::PutScalingPolicyRequest& request) {
  GUST_CHECK(check_name(request.policy_name, "PolicyName", ""));
  const auto& given = request.target_tracking_scaling_policy_configuration;
  const auto type = request.policy_type.value_or(given ? std::string(kTargetTracking) : "StepScaling");
  if (type != kTargetTracking || request.step_scaling_policy_configuration) {
    return invalid(fmt::format("PolicyType {} is not supported for {}: expected {} alone",
                               request.step_scaling_policy_configuration ? "StepScaling" : type, scaling::kDimension,
                               kTargetTracking));
  }
  if (!given) return invalid("TargetTrackingScalingPolicyConfiguration is required for the policy type " + type);
  GUST_CHECK(check_metric(*given));
  Policy out;
  out.resource = std::move(resource);
  out.name = request.policy_name;
  out.target = given->target_value;
  GUST_TRY(out.out_cooldown_s, capacity_of(given->scale_out_cooldown, "ScaleOutCooldown"));
  GUST_TRY(out.in_cooldown_s, capacity_of(given->scale_in_cooldown, "ScaleInCooldown"));
  if (given->disable_scale_in.value_or(false)) out.scale_in = Policy::ScaleIn::kDisabled;
  return out;
}

std::vector<autoscaling::Alarm> alarms_of(const wire::Call& call, const Policy& policy) {
  std::vector<autoscaling::Alarm> out;
  for (const auto direction : {Direction::kOut, Direction::kIn}) {
    if (direction == Direction::kIn && policy.scale_in == Policy::ScaleIn::kDisabled) continue;
    const auto name = policy.alarm(direction);
    auto arn = fmt::format("arn:aws:cloudwatch:{}:{}:alarm:{}", call.context.region, policy.resource.account, name);
    autoscaling::Alarm alarm;
    alarm.alarm_name = name;
    alarm.alarm_arn = std::move(arn);
    out.push_back(std::move(alarm));
  }
  return out;
}

std::string arn_of(const wire::Call& call, const Policy& policy) {
  return scaling_arn(call, "scalingPolicy", "policyName", policy.resource, policy.id, policy.name);
}

autoscaling::ScalingPolicy to_answer(const wire::Call& call, const Policy& policy) {
  const auto seconds = [](const std::optional<std::uint32_t>& s) {
    return s ? std::optional(static_cast<std::int32_t>(*s)) : std::nullopt;
  };
  autoscaling::ScalingPolicy out;
  out.policy_arn = arn_of(call, policy);
  out.policy_name = policy.name;
  out.service_namespace = scaling::kNamespace;
  out.resource_id = policy.resource.id;
  out.scalable_dimension = scaling::kDimension;
  out.policy_type = kTargetTracking;
  auto& tracking = out.target_tracking_scaling_policy_configuration.emplace();
  tracking.target_value = policy.target;
  tracking.predefined_metric_specification.emplace().predefined_metric_type = kMetric;
  tracking.scale_out_cooldown = seconds(policy.out_cooldown_s);
  tracking.scale_in_cooldown = seconds(policy.in_cooldown_s);
  tracking.disable_scale_in = policy.scale_in == Policy::ScaleIn::kDisabled;
  out.alarms = alarms_of(call, policy);
  out.creation_time = policy.created_at;
  return out;
}

}  // namespace

ScalingReply<autoscaling::PutScalingPolicyResponse> ApplicationAutoScalingService::put_policy(
    wire::Call call, autoscaling::PutScalingPolicyRequest request) {
  GUST_CO_TRY(auto resource, resource_of(call, request));
  GUST_CO_TRY(auto wanted, policy_of(std::move(resource), request));
  GUST_CO_TRY(const auto policy, co_await registry_.put_policy(std::move(wanted)));
  autoscaling::PutScalingPolicyResponse out;
  out.policy_arn = arn_of(call, policy);
  out.alarms = alarms_of(call, policy);
  co_return out;
}

ScalingReply<autoscaling::DeleteScalingPolicyResponse> ApplicationAutoScalingService::delete_policy(
    wire::Call call, autoscaling::DeleteScalingPolicyRequest request) {
  GUST_CO_TRY(const auto resource, resource_of(call, request));
  GUST_CO_CHECK(co_await registry_.remove_policy(resource, request.policy_name));
  co_return autoscaling::DeleteScalingPolicyResponse{};
}

ScalingReply<autoscaling::DescribeScalingPoliciesResponse> ApplicationAutoScalingService::describe_policies(
    wire::Call call, autoscaling::DescribeScalingPoliciesRequest request) {
  GUST_CO_TRY(auto query, query_of(call, request, 10));
  query.names = request.policy_names.value_or(std::vector<std::string>());
  GUST_CO_TRY(const auto page, co_await registry_.policies(std::move(query)));
  autoscaling::DescribeScalingPoliciesResponse out;
  out.scaling_policies.emplace();
  for (const auto& policy : page.items) out.scaling_policies->push_back(to_answer(call, policy));
  out.next_token = token_of(page.next);
  co_return out;
}

void ApplicationAutoScalingService::add_policies() {
  service_.on<autoscaling::PutScalingPolicy>(
      [this](auto call, auto request) { return put_policy(std::move(call), std::move(request)); });
  service_.on<autoscaling::DeleteScalingPolicy>(
      [this](auto call, auto request) { return delete_policy(std::move(call), std::move(request)); });
  service_.on<autoscaling::DescribeScalingPolicies>(
      [this](auto call, auto request) { return describe_policies(std::move(call), std::move(request)); });
}

}  // namespace gust::api
