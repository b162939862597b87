#include "cli/deploy/services.h"

#include "codec/json.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr auto kService = "apigateway";

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

json::array list_of(const Node& node) {
  json::array out;
  if (node.is_scalar()) out.emplace_back(node.text);
  for (const auto& item : node.items) out.emplace_back(item.text);
  return out;
}

json::object cors_of(const Node& cors) {
  json::object out;
  for (const auto& [name, value] : cors.fields) {
    if (name == "maxAge") {
      std::int64_t seconds = 0;
      std::from_chars(value.text.data(), value.text.data() + value.text.size(), seconds);
      out[name] = seconds;
    } else if (name == "allowCredentials") {
      out[name] = value.text == "true" || value.text == "True";
    } else {
      out[name] = list_of(value);
    }
  }
  return out;
}

json::object settings_of(const ApiSpec& spec) {
  json::object out{{"name", spec.name}};
  if (!spec.description.empty()) out["description"] = spec.description;
  if (!spec.cors.absent()) out["corsConfiguration"] = cors_of(spec.cors);
  return out;
}

Result<void> without_value(const Result<json::object>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

std::vector<json::object> items_of(const json::object& answer) {
  std::vector<json::object> out;
  const auto* items = answer.if_contains("items");
  if (items == nullptr || !items->is_array()) return out;
  for (const auto& item : items->get_array()) {
    if (item.is_object()) out.push_back(item.get_object());
  }
  return out;
}

std::string timeout_of(const json::object& integration) {
  const auto* timeout = integration.if_contains("timeoutInMillis");
  return timeout != nullptr && timeout->is_int64() ? fmt::format("{}", timeout->get_int64()) : "30000";
}

Node node_of(const json::value& value) {
  if (const auto* object = value.if_object()) {
    auto out = Node::map(0);
    for (const auto& [name, child] : *object) out.set(std::string(name), node_of(child));
    return out;
  }
  if (const auto* list = value.if_array()) {
    Node out{Node::Kind::kList, {}, {}, {}, 0};
    for (const auto& child : *list) out.items.push_back(node_of(child));
    return out;
  }
  if (value.is_null()) return {};
  return Node::of(value.is_string() ? std::string(value.get_string()) : codec::to_json(value), 0);
}

// What a route's integration depends on.
std::string integration_key(std::string_view uri, std::string_view version, std::string_view timeout) {
  return fmt::format("{}|{}|{}", uri, version, timeout);
}

}  // namespace

Result<bool> Services::api_exists(const std::string& id) {
  const auto answer = json_call("GET", kService, "/v2/apis/" + codec::percent_encode(id), nullptr,
                                fmt::format("look for the API {}", id));
  if (answer) return true;
  if (answer.error().code == Code::kNotFound) return false;
  return std::unexpected(answer.error());
}

Result<std::string> Services::create_api(const ApiSpec& spec) {
  auto body = settings_of(spec);
  body["protocolType"] = "HTTP";
  GUST_TRY(const auto made,
           json_call("POST", kService, "/v2/apis", &body, fmt::format("create the API {}", spec.name)));
  const auto id = text_of(made, "apiId");
  if (id.empty()) return fail(Code::kInternal, "CreateApi answered without an apiId");
  if (auto staged = sync_stage(id, spec); !staged) {
    (void)delete_api(id);  // or it would be nobody's
    return std::unexpected(std::move(staged).error());
  }
  return id;
}

// The one stage that the template has; others go.
Result<void> Services::sync_stage(const std::string& id, const ApiSpec& spec) {
  const auto base = fmt::format("/v2/apis/{}/stages", id);
  GUST_TRY(const auto list, json_call("GET", kService, base, nullptr, "list the stages"));
  json::object variables;
  for (const auto& [name, value] : spec.stage_variables.fields) variables[name] = value.text;
  bool there = false;
  for (const auto& item : items_of(list)) {
    if (text_of(item, "stageName") != spec.stage) continue;
    there = true;
    const auto* old = item.if_contains("stageVariables");
    if (old == nullptr || !old->is_object()) continue;
    for (const auto& field : old->get_object()) {
      if (!variables.contains(field.key())) variables[field.key()] = "";  // an empty one goes
    }
  }
  json::object stage{{"autoDeploy", true}, {"stageVariables", variables}};
  if (!there) stage["stageName"] = spec.stage;
  GUST_CHECK(without_value(json_call(there ? "PATCH" : "POST", kService,
                                     there ? base + "/" + codec::percent_encode(spec.stage) : base, &stage,
                                     fmt::format("make the stage {}", spec.stage))));
  for (const auto& item : items_of(list)) {
    const auto name = text_of(item, "stageName");
    if (name == spec.stage) continue;
    GUST_CHECK(without_value(json_call("DELETE", kService, base + "/" + codec::percent_encode(name), nullptr,
                                       fmt::format("remove the stage {}", name))));
  }
  return {};
}

Result<ApiSpec> Services::read_api(const std::string& id) {
  const auto base = fmt::format("/v2/apis/{}", id);
  GUST_TRY(const auto api, json_call("GET", kService, base, nullptr, fmt::format("read the API {}", id)));
  GUST_TRY(const auto stages, json_call("GET", kService, base + "/stages", nullptr, "list the stages"));
  GUST_TRY(const auto integrations,
           json_call("GET", kService, base + "/integrations", nullptr, "list the integrations"));
  GUST_TRY(const auto routes, json_call("GET", kService, base + "/routes", nullptr, "list the routes"));
  ApiSpec out{.name = text_of(api, "name"), .description = text_of(api, "description")};
  if (const auto* cors = api.if_contains("corsConfiguration")) out.cors = node_of(*cors);
  const auto stage_list = items_of(stages);
  if (!stage_list.empty()) {
    out.stage = text_of(stage_list.front(), "stageName");
    if (const auto* variables = stage_list.front().if_contains("stageVariables"))
      out.stage_variables = node_of(*variables);
  }
  std::map<std::string, json::object> by_target;
  for (auto& item : items_of(integrations)) by_target["integrations/" + text_of(item, "integrationId")] = item;
  for (const auto& item : items_of(routes)) {
    const auto at = by_target.find(text_of(item, "target"));
    if (at == by_target.end()) continue;
    out.routes.push_back({text_of(item, "routeKey"), text_of(at->second, "integrationUri"),
                          text_of(at->second, "payloadFormatVersion"), timeout_of(at->second)});
  }
  return out;
}

Result<void> Services::update_api(const std::string& id, const ApiSpec& spec) {
  auto body = settings_of(spec);
  body["description"] = spec.description;
  GUST_CHECK(without_value(
      json_call("PATCH", kService, "/v2/apis/" + id, &body, fmt::format("update the API {}", spec.name))));
  if (spec.cors.absent()) {  // there may be none, which is as good
    const auto removed =
        json_call("DELETE", kService, fmt::format("/v2/apis/{}/cors", id), nullptr, "remove the CORS settings");
    if (!removed && removed.error().code != Code::kNotFound) return std::unexpected(removed.error());
  }
  return sync_stage(id, spec);
}

Result<void> Services::sync_routes(const std::string& id, const ApiSpec& spec) {
  const auto base = fmt::format("/v2/apis/{}", id);
  GUST_TRY(const auto integration_list,
           json_call("GET", kService, base + "/integrations", nullptr, "list the integrations"));
  GUST_TRY(const auto route_list, json_call("GET", kService, base + "/routes", nullptr, "list the routes"));
  std::map<std::string, std::string> integrations;  // key -> id
  for (const auto& item : items_of(integration_list)) {
    integrations[integration_key(text_of(item, "integrationUri"), text_of(item, "payloadFormatVersion"),
                                 timeout_of(item))] = text_of(item, "integrationId");
  }
  std::map<std::string, json::object> routes;
  for (auto& item : items_of(route_list)) routes[text_of(item, "routeKey")] = item;

  std::set<std::string> used;
  for (const auto& route : spec.routes) {
    const std::string timeout = route.timeout_ms.empty() ? "30000" : route.timeout_ms;
    auto& integration = integrations[integration_key(route.function_arn, route.payload_version, timeout)];
    if (integration.empty()) {
      std::int64_t ms = 30000;
      std::from_chars(timeout.data(), timeout.data() + timeout.size(), ms);
      const json::object body{{"integrationType", "AWS_PROXY"},
                              {"integrationUri", route.function_arn},
                              {"integrationMethod", "POST"},
                              {"payloadFormatVersion", route.payload_version},
                              {"timeoutInMillis", ms}};
      GUST_TRY(const auto made,
               json_call("POST", kService, base + "/integrations", &body, fmt::format("integrate {}", route.key)));
      integration = text_of(made, "integrationId");
    }
    used.insert(integration);
    const auto target = "integrations/" + integration;
    const json::object body{{"routeKey", route.key}, {"target", target}};
    const auto existing = routes.find(route.key);
    if (existing == routes.end()) {
      GUST_CHECK(
          without_value(json_call("POST", kService, base + "/routes", &body, fmt::format("route {}", route.key))));
    } else {
      if (text_of(existing->second, "target") != target) {
        GUST_CHECK(without_value(json_call("PATCH", kService,
                                           fmt::format("{}/routes/{}", base, text_of(existing->second, "routeId")),
                                           &body, fmt::format("route {}", route.key))));
      }
      routes.erase(existing);
    }
  }
  for (const auto& [key, item] : routes) {
    GUST_CHECK(without_value(json_call("DELETE", kService, fmt::format("{}/routes/{}", base, text_of(item, "routeId")),
                                       nullptr, fmt::format("remove the route {}", key))));
  }
  for (const auto& [key, integration] : integrations) {
    if (used.contains(integration)) continue;
    GUST_CHECK(without_value(json_call("DELETE", kService, fmt::format("{}/integrations/{}", base, integration),
                                       nullptr, "remove an integration")));
  }
  return {};
}

Result<void> Services::delete_api(const std::string& id) {
  const auto answer = json_call("DELETE", kService, "/v2/apis/" + codec::percent_encode(id), nullptr,
                                fmt::format("delete the API {}", id));
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

}  // namespace gust::cli
