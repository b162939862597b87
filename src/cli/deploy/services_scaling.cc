// Application Auto Scaling of an alias: its scalable target with all its scheduled actions and policies, as one.
#include "cli/deploy/services.h"
#include "cli/deploy/values.h"

#include "codec/json.h"
#include "codec/time_format.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <charconv>

namespace gust::cli {
namespace {

namespace json = boost::json;

json::object target_of(const std::string& function, const std::string& alias) {
  return {{"ServiceNamespace", "lambda"},
          {"ScalableDimension", "lambda:function:ProvisionedConcurrency"},
          {"ResourceId", fmt::format("function:{}:{}", function, alias)}};
}

// The members of a description that a request takes.
json::object settings_of(const json::object& described, std::initializer_list<std::string_view> members) {
  json::object out;
  for (const auto name : members) {
    if (const auto* value = described.if_contains(name); value != nullptr && !value->is_null()) out[name] = *value;
  }
  return out;
}

Result<json::value> number(const Node& node, std::string_view what) {
  double value = 0;
  const auto [end, problem] = std::from_chars(node.text.data(), node.text.data() + node.text.size(), value);
  if (problem == std::errc() && end == node.text.data() + node.text.size()) return json::value(value);
  return fail(Code::kInvalid, fmt::format("line {}: {} must be a number, not '{}'", node.line, what, node.text),
              "template");
}

Result<json::value> seconds(const Node& node, std::string_view what) {
  const auto time = codec::from_iso8601(node.text);
  if (time) return json::value(static_cast<double>(to_epoch_ms(*time)) / 1000);
  return fail(Code::kInvalid,
              fmt::format("line {}: {} must be a time as 2030-01-01T08:00:00Z, not '{}'", node.line, what, node.text),
              "template");
}

Result<json::object> action_value(const Node& action) {
  json::object out;
  for (const auto* name : {"ScheduledActionName", "Schedule", "Timezone"}) {
    if (action[name].is_scalar()) out[name] = action[name].text;
  }
  for (const auto* name : {"StartTime", "EndTime"}) {
    if (!action[name].absent()) {
      GUST_TRY(out[name], seconds(action[name], name));
    }
  }
  json::object bounds;
  for (const auto* name : {"MinCapacity", "MaxCapacity"}) {
    if (const auto& value = action["ScalableTargetAction"][name]; !value.absent()) {
      GUST_TRY(bounds[name], integer(value, name));
    }
  }
  out["ScalableTargetAction"] = std::move(bounds);
  return out;
}

Result<json::object> policy_value(const Node& policy) {
  const auto& given = policy["TargetTrackingScalingPolicyConfiguration"];
  json::object tracking;
  for (const auto& [name, value] : given.fields) {
    if (name == "TargetValue") {
      GUST_TRY(tracking[name], number(value, name));
    } else if (name == "ScaleInCooldown" || name == "ScaleOutCooldown") {
      GUST_TRY(tracking[name], integer(value, name));
    } else if (name == "DisableScaleIn") {
      tracking[name] = value.text == "true";
    } else {
      tracking[name] = plain(value);  // the service says what is wrong with it
    }
  }
  if (!tracking.contains("DisableScaleIn")) tracking["DisableScaleIn"] = false;
  return json::object{{"PolicyName", policy["PolicyName"].text},
                      {"PolicyType", "TargetTrackingScaling"},
                      {"TargetTrackingScalingPolicyConfiguration", std::move(tracking)}};
}

json::object merged(json::object into, const json::object& more) {
  for (const auto& [name, value] : more) into[name] = value;
  return into;
}

}  // namespace

Result<std::optional<json::object>> scaling_value(const Node& scaling) {
  if (scaling.absent()) return std::nullopt;
  json::object target{{"SuspendedState", json::object{{"DynamicScalingInSuspended", false},
                                                      {"DynamicScalingOutSuspended", false},
                                                      {"ScheduledScalingSuspended", false}}}};
  for (const auto* name : {"MinCapacity", "MaxCapacity"}) {
    GUST_TRY(target[name], integer(scaling[name], name));
  }
  for (const auto& [name, value] : scaling["SuspendedState"].fields)
    target["SuspendedState"].as_object()[name] = value.text == "true";
  json::array actions, policies;
  for (const auto& action : scaling["ScheduledActions"].items) {
    GUST_TRY(auto value, action_value(action));
    actions.push_back(std::move(value));
  }
  for (const auto& policy : scaling["Policies"].items) {
    GUST_TRY(auto value, policy_value(policy));
    policies.push_back(std::move(value));
  }
  return json::object{
      {"target", std::move(target)}, {"actions", std::move(actions)}, {"policies", std::move(policies)}};
}

Result<json::object> Services::scaling_call(std::string_view operation, const json::object& body,
                                            std::string_view what) {
  Call call{.method = "POST", .service = "application-autoscaling"};
  call.headers = {{"Content-Type", "application/x-amz-json-1.1"},
                  {"X-Amz-Target", fmt::format("AnyScaleFrontendService.{}", operation)}};
  call.body = codec::to_json(body);
  GUST_TRY(const auto answer, expect_ok(remote_.send(call), what));
  GUST_TRY(auto parsed, codec::parse_json(answer.body.empty() ? "{}" : answer.body));
  return parsed.is_object() ? std::move(parsed.get_object()) : json::object();
}

Result<json::array> Services::scaling_list(std::string_view operation, std::string_view member, json::object body) {
  json::array out;
  for (;;) {
    GUST_TRY(const auto page, scaling_call(operation, body, "read what scales a function"));
    const auto* items = page.if_contains(member);
    if (items != nullptr && items->is_array()) {
      for (const auto& item : items->get_array()) out.push_back(item);
    }
    const auto* next = page.if_contains("NextToken");
    if (next == nullptr || !next->is_string()) return out;
    body["NextToken"] = *next;
  }
}

Result<std::optional<json::object>> Services::read_scaling(const std::string& function, const std::string& alias) {
  const auto id = target_of(function, alias);
  json::object wanted{{"ServiceNamespace", "lambda"}, {"ResourceIds", json::array{id.at("ResourceId")}}};
  GUST_TRY(const auto targets, scaling_list("DescribeScalableTargets", "ScalableTargets", std::move(wanted)));
  if (targets.empty()) return std::nullopt;
  json::array actions, policies;
  GUST_TRY(const auto all_actions, scaling_list("DescribeScheduledActions", "ScheduledActions", id));
  for (const auto& action : all_actions) {
    actions.push_back(settings_of(action.as_object(), {"ScheduledActionName", "Schedule", "Timezone", "StartTime",
                                                       "EndTime", "ScalableTargetAction"}));
  }
  GUST_TRY(const auto all_policies, scaling_list("DescribeScalingPolicies", "ScalingPolicies", id));
  for (const auto& policy : all_policies) {
    policies.push_back(settings_of(policy.as_object(),
                                   {"PolicyName", "PolicyType", "TargetTrackingScalingPolicyConfiguration"}));
  }
  auto target = settings_of(targets.front().as_object(), {"MinCapacity", "MaxCapacity", "SuspendedState"});
  return json::object{
      {"target", std::move(target)}, {"actions", std::move(actions)}, {"policies", std::move(policies)}};
}

// Puts what is other than it was, and deletes what is not wanted.
Result<void> Services::sync_scaling(const json::object& id, std::string_view kind, std::string_view name,
                                    const json::array& was, const json::array& wanted) {
  for (const auto& item : wanted) {
    if (std::ranges::find(was, item) != was.end()) continue;
    GUST_CHECK(scaling_call(fmt::format("Put{}", kind), merged(id, item.as_object()),
                            fmt::format("set the {} {}", kind, std::string(item.at(name).as_string()))));
  }
  for (const auto& item : was) {
    const bool kept = std::ranges::any_of(wanted, [&](const auto& w) { return w.at(name) == item.at(name); });
    if (kept) continue;
    auto one = id;
    one[name] = item.at(name);
    GUST_CHECK(scaling_call(fmt::format("Delete{}", kind), one, fmt::format("delete a {}", kind)));
  }
  return {};
}

Result<void> Services::write_scaling(const std::string& function, const std::string& alias,
                                     const std::optional<json::object>& value) {
  const auto id = target_of(function, alias);
  GUST_TRY(const auto was, read_scaling(function, alias));
  if (!value && !was) return {};
  const auto what = fmt::format("scale the provisioned concurrency of {}:{}", function, alias);
  if (!value) {
    GUST_CHECK(scaling_call("DeregisterScalableTarget", id, "stop to " + what));
    return {};
  }
  GUST_CHECK(scaling_call("RegisterScalableTarget", merged(id, value->at("target").as_object()), what));
  const auto before = [&](const char* part) { return was ? was->at(part).as_array() : json::array(); };
  GUST_CHECK(sync_scaling(id, "ScheduledAction", "ScheduledActionName", before("actions"),
                          value->at("actions").as_array()));
  return sync_scaling(id, "ScalingPolicy", "PolicyName", before("policies"), value->at("policies").as_array());
}

}  // namespace gust::cli
