// Application Auto Scaling of provisioned concurrency: AWS::ApplicationAutoScaling::ScalableTarget and ScalingPolicy.
#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

constexpr std::string_view kDimension = "lambda:function:ProvisionedConcurrency", kNamespace = "lambda";

}  // namespace

Result<std::string> Evaluator::scalable_target_id(const Node& resource) {
  GUST_TRY(const auto id, resolver_->text(resource["Properties"]["ResourceId"], "ResourceId"));
  return fmt::format("{}|{}|{}", id, kDimension, kNamespace);
}

// The function whose alias a ResourceId names: function:NAME:ALIAS.
Result<FunctionSpec*> Evaluator::scaled_function(const std::string& logical_id, const Node& properties, int line) {
  const auto& id = properties["ResourceId"].text;
  if (properties["ServiceNamespace"].text != kNamespace || properties["ScalableDimension"].text != kDimension) {
    return resolver_->error(line,
                            fmt::format("{} scales '{}' of '{}'; served is the ScalableDimension {} of the "
                                        "ServiceNamespace {}",
                                        logical_id, properties["ScalableDimension"].text,
                                        properties["ServiceNamespace"].text, kDimension, kNamespace),
                            Code::kUnsupported);
  }
  const auto it = std::ranges::find_if(out_.functions, [&](const auto& f) {
    return !f.alias.empty() && id == fmt::format("function:{}:{}", f.name, f.alias);
  });
  if (it != out_.functions.end()) return &*it;
  return resolver_->error(line, fmt::format("{} must have a ResourceId function:NAME:ALIAS, of a function of this "
                                            "template and its AutoPublishAlias; it is '{}'",
                                            logical_id, id));
}

Result<void> Evaluator::scalable_target(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw,
                  {"MinCapacity", "MaxCapacity", "ResourceId", "ScalableDimension", "ServiceNamespace",
                   "ScheduledActions", "SuspendedState"},
                  {"RoleARN"}));
  GUST_TRY(const auto value, resolver_->resolve(*raw));
  GUST_TRY(auto* function, scaled_function(logical_id, value, node.line));
  for (const auto* name : {"MinCapacity", "MaxCapacity"}) {
    if (!value[name].is_scalar()) return resolver_->error(node.line, fmt::format("{} needs {}", logical_id, name));
  }
  if (!function->scaling.absent() && function->scaling.find("MaxCapacity") != nullptr)
    return resolver_->error(node.line, fmt::format("{} is a second scalable target of one alias", logical_id));
  if (function->scaling.absent()) function->scaling = Node::map(node.line);
  for (const auto* name : {"MinCapacity", "MaxCapacity", "ScheduledActions", "SuspendedState"}) {
    if (!value[name].absent()) function->scaling.set(name, value[name]);
  }
  return {};
}

Result<void> Evaluator::scaling_policy(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw,
                  {"PolicyName", "PolicyType", "ScalingTargetId", "ResourceId", "ScalableDimension",
                   "ServiceNamespace", "TargetTrackingScalingPolicyConfiguration"},
                  {}));
  GUST_TRY(auto value, resolver_->resolve(*raw));
  if (const auto id = value["ScalingTargetId"].text; !id.empty()) {
    const auto first = id.find('|'), second = id.find('|', first + 1);
    if (second == std::string::npos)
      return resolver_->error(node.line, fmt::format("the ScalingTargetId of {} must be a !Ref of a scalable target, "
                                                     "not '{}'",
                                                     logical_id, id));
    value.set("ResourceId", Node::of(id.substr(0, first), node.line));
    value.set("ScalableDimension", Node::of(id.substr(first + 1, second - first - 1), node.line));
    value.set("ServiceNamespace", Node::of(id.substr(second + 1), node.line));
  }
  GUST_TRY(auto* function, scaled_function(logical_id, value, node.line));
  if (value["PolicyType"].text != "TargetTrackingScaling" || !value["PolicyName"].is_scalar() ||
      !value["TargetTrackingScalingPolicyConfiguration"].is_map()) {
    return resolver_->error(node.line, fmt::format("{} needs a PolicyName, the PolicyType TargetTrackingScaling and a "
                                                   "TargetTrackingScalingPolicyConfiguration",
                                                   logical_id));
  }
  if (function->scaling.absent()) function->scaling = Node::map(node.line);
  auto* policies = function->scaling.find("Policies");
  if (policies == nullptr) {
    function->scaling.set("Policies", Node{Node::Kind::kList, {}, {}, {}, node.line});
    policies = function->scaling.find("Policies");
  }
  Node policy = Node::map(node.line);
  for (const auto* name : {"PolicyName", "TargetTrackingScalingPolicyConfiguration"}) policy.set(name, value[name]);
  policies->items.push_back(std::move(policy));
  return {};
}

Result<void> Evaluator::check_scaling() {
  for (const auto& function : out_.functions) {
    if (function.scaling.absent() || function.scaling.find("MaxCapacity") != nullptr) continue;
    return resolver_->error(function.scaling.line,
                            fmt::format("the alias {} of {} has a scaling policy and no scalable target; add an "
                                        "AWS::ApplicationAutoScaling::ScalableTarget",
                                        function.alias, function.logical_id));
  }
  return {};
}

}  // namespace gust::cli
