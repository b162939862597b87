#include "cli/template/evaluate.h"

#include "cli/template/evaluator.h"
#include "cli/template/parameters.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gust::cli {
namespace {

constexpr std::array<std::string_view, 12> kSections = {"AWSTemplateFormatVersion",
                                                        "Transform",
                                                        "Description",
                                                        "Metadata",
                                                        "Parameters",
                                                        "Mappings",
                                                        "Conditions",
                                                        "Globals",
                                                        "Resources",
                                                        "Outputs",
                                                        "Rules",
                                                        "Hooks"};

bool is_stack_name(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !name.empty() && name.size() <= 128 && letter(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-'; });
}

std::map<std::string, Node> pseudo_parameters(const Surroundings& around) {
  const auto text = [](std::string value) { return Node::of(std::move(value), 0); };
  return {{"AWS::Region", text(around.region)},
          {"AWS::AccountId", text(around.account)},
          {"AWS::StackName", text(around.stack)},
          {"AWS::StackId", text(fmt::format("arn:aws:cloudformation:{}:{}:stack/{}/gust", around.region, around.account,
                                            around.stack))},
          {"AWS::Partition", text("aws")},
          {"AWS::URLSuffix", text("amazonaws.com")},
          {"AWS::NotificationARNs", Node{Node::Kind::kList, {}, {}, {}, 0}}};
}

}  // namespace

std::string referred(const Node& node) {
  const auto* target = node.is_map() && node.fields.size() == 1 ? node.find("Ref") : nullptr;
  return target == nullptr ? "" : target->text;
}

Evaluator::Evaluator(const Node& root, std::string file, const Surroundings& around)
    : root_(root), file_(std::move(file)), around_(around) {}

void Evaluator::note(std::string text) {
  if (!contains(out_.notes, text)) out_.notes.push_back(std::move(text));
}

Result<void> Evaluator::only(const std::string& logical_id, const Node& node, std::vector<std::string_view> known,
                             std::vector<std::string_view> ignored) {
  for (const auto& [name, value] : node.fields) {
    if (contains(known, name)) continue;
    if (contains(ignored, name)) {
      note(fmt::format("{}:{}: {} of {} has no effect here", file_, value.line, name, logical_id));
      continue;
    }
    return resolver_->error(
        value.line, fmt::format("{} of {} is not served; served are: {}", name, logical_id, fmt::join(known, ", ")),
        Code::kUnsupported);
  }
  return {};
}

Result<const Node*> Evaluator::properties_of(const Node& resource) {
  static const Node kEmpty = Node::map(0);
  const auto* properties = resource.find("Properties");
  if (properties == nullptr || properties->kind == Node::Kind::kNull) return &kEmpty;
  if (!properties->is_map()) return resolver_->error(properties->line, "Properties must be a map");
  return properties;
}

FunctionSpec* Evaluator::find_function(std::string_view logical_id) {
  const auto it = std::ranges::find(out_.functions, logical_id, &FunctionSpec::logical_id);
  return it == out_.functions.end() ? nullptr : &*it;
}

BucketSpec* Evaluator::find_bucket(std::string_view logical_id) {
  const auto it = std::ranges::find(out_.buckets, logical_id, &BucketSpec::logical_id);
  return it == out_.buckets.end() ? nullptr : &*it;
}

ApiSpec* Evaluator::find_api(std::string_view logical_id) {
  const auto it = std::ranges::find(out_.apis, logical_id, &ApiSpec::logical_id);
  return it == out_.apis.end() ? nullptr : &*it;
}

Result<Desired> Evaluator::run() {
  for (const auto& [name, section] : root_.fields) {
    if (std::ranges::find(kSections, name) != kSections.end()) continue;
    return fail(Code::kInvalid,
                fmt::format("{}:{}: '{}' is not a section of a template; sections are: {}", file_, section.line, name,
                            fmt::join(kSections, ", ")),
                "template");
  }
  const auto& resources = root_["Resources"];
  if (!resources.is_map() || resources.fields.empty()) {
    return fail(Code::kInvalid, fmt::format("{}:{}: the template has no Resources", file_, std::max(resources.line, 1)),
                "template");
  }
  GUST_TRY(auto parameters, parameter_values(root_, file_, around_.parameters));
  parameters.merge(pseudo_parameters(around_));
  resolver_ = std::make_unique<Resolver>(root_, file_, std::move(parameters),
                                         [this](const auto& id, const auto& name) { return attribute(id, name); });

  std::vector<std::string> made;
  for (const auto& [logical_id, node] : resources.fields) {
    if (const auto& condition = node["Condition"]; condition.is_scalar()) {
      GUST_TRY(const auto holds, resolver_->condition(condition.text, condition.line));
      if (!holds) continue;
    }
    GUST_CHECK(resource(logical_id, node));
    made.push_back(logical_id);
  }
  if (has_implicit_api()) GUST_CHECK(api(std::string(kImplicitApi), Node::map(resources.line)));
  for (const auto& logical_id : made) GUST_CHECK(dependent(logical_id, resources[logical_id]));
  GUST_CHECK(check_scaling());
  localize();
  GUST_CHECK(outputs());
  return std::move(out_);
}

// What needs the other resources to be known.
Result<void> Evaluator::dependent(const std::string& logical_id, const Node& node) {
  const auto& type = node["Type"].text;
  if (type == "AWS::Lambda::Permission") return permission(logical_id, node);
  if (type == "AWS::Lambda::EventInvokeConfig") return event_invoke(logical_id, node);
  if (type == "AWS::Lambda::EventSourceMapping") return event_source(logical_id, node);
  if (type == "AWS::ApplicationAutoScaling::ScalableTarget") return scalable_target(logical_id, node);
  if (type == "AWS::ApplicationAutoScaling::ScalingPolicy") return scaling_policy(logical_id, node);
  if (type == "AWS::ApiGatewayV2::Stage") return plain_stage(logical_id, node);
  if (type == "AWS::ApiGatewayV2::Route") return plain_route(logical_id, node);
  if (type != "AWS::Serverless::Function") return {};
  for (const auto& [name, value] : node["Properties"]["Events"].fields) GUST_CHECK(event(logical_id, name, value));
  return {};
}

Result<Desired> evaluate(const Node& root, const std::string& file, const Surroundings& around) {
  if (!is_stack_name(around.stack)) {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not a stack name: it starts with a letter and has only letters, digits and "
                            "'-'; give another with --stack",
                            around.stack),
                "stack");
  }
  return Evaluator(root, file, around).run();
}

}  // namespace gust::cli
