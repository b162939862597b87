#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <array>

namespace gust::cli {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

// The templates' names of CORS settings -> those of the wire.
constexpr std::array<Names, 6> kCors = {{{"AllowOrigins", "allowOrigins"},
                                         {"AllowMethods", "allowMethods"},
                                         {"AllowHeaders", "allowHeaders"},
                                         {"ExposeHeaders", "exposeHeaders"},
                                         {"MaxAge", "maxAge"},
                                         {"AllowCredentials", "allowCredentials"}}};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// The function's ARN in an integration's URI, which may be "arn:aws:apigateway:REGION:lambda:path/.../functions/ARN/
// invocations".
std::string function_of(const std::string& uri) {
  const auto at = uri.find("/functions/");
  if (at == std::string::npos) return uri;
  auto arn = uri.substr(at + std::string_view("/functions/").size());
  if (arn.ends_with("/invocations")) arn.resize(arn.size() - std::string_view("/invocations").size());
  return arn;
}

}  // namespace

// Templates put public addresses together by hand; here they become those that answer.
std::string Evaluator::localized(std::string text) const {
  for (const auto& api : out_.apis) {
    const auto it = around_.api_ids.find(api.logical_id);
    const auto id = it == around_.api_ids.end() ? pending_api_id(api.logical_id) : it->second;
    replace_all(text, fmt::format("https://{}.execute-api.{}.amazonaws.com", id, around_.region),
                fmt::format("{}/_gust/api/{}", around_.endpoint.url(), id));
  }
  for (const auto& bucket : out_.buckets) {
    for (const char separator : {'-', '.'}) {
      replace_all(text, fmt::format("http://{}.s3-website{}{}.amazonaws.com", bucket.name, separator, around_.region),
                  site_url(bucket.name));
    }
  }
  return text;
}

void Evaluator::localize() {
  for (auto& function : out_.functions) {
    auto* environment = function.configuration.find("Environment");
    auto* variables = environment == nullptr ? nullptr : environment->find("Variables");
    if (variables == nullptr) continue;
    for (auto& [name, value] : variables->fields) value.text = localized(std::move(value.text));
  }
  for (auto& bucket : out_.buckets) {
    for (auto& [name, text] : bucket.files) text = localized(std::move(text));
  }
}

Result<Node> Evaluator::cors_settings(const Node& raw) {
  GUST_TRY(const auto value, resolver_->resolve(raw));
  auto out = Node::map(raw.line);
  if (value.is_map()) {
    for (const auto& [name, setting] : value.fields) {
      const auto known = std::ranges::find(kCors, name, &Names::first);
      if (known == kCors.end()) return resolver_->error(raw.line, fmt::format("CorsConfiguration has no '{}'", name));
      out.set(std::string(known->second), setting);
    }
    return out;
  }
  if (value.text != "true" && value.text != "True") return Node{};
  for (const auto name : {"allowOrigins", "allowMethods", "allowHeaders"}) {
    out.set(name, Node{Node::Kind::kList, {}, {Node::of("*", raw.line)}, {}, raw.line});
  }
  return out;
}

Result<ApiSpec> Evaluator::common_api(const std::string& logical_id, const Node& node, const Node& properties) {
  ApiSpec spec;
  spec.logical_id = logical_id;
  spec.line = node.line;
  spec.name = fmt::format("{}-{}", around_.stack, logical_id).substr(0, 128);
  if (!properties["Name"].absent()) {
    GUST_TRY(spec.name, resolver_->text(properties["Name"], "Name"));
  }
  if (!properties["Description"].absent()) {
    GUST_TRY(spec.description, resolver_->text(properties["Description"], "Description"));
  }
  if (const auto& cors = properties["CorsConfiguration"]; !cors.absent()) {
    GUST_TRY(spec.cors, cors_settings(cors));
  }
  return spec;
}

Result<void> Evaluator::stage_settings(ApiSpec& spec, const Node& properties) {
  if (!properties["StageName"].absent()) {
    GUST_TRY(spec.stage, resolver_->text(properties["StageName"], "StageName"));
  }
  if (const auto& variables = properties["StageVariables"]; !variables.absent()) {
    GUST_TRY(spec.stage_variables, resolver_->resolve(variables));
    if (!spec.stage_variables.is_map()) return resolver_->error(variables.line, "StageVariables must be a map");
  }
  return {};
}

Result<void> Evaluator::api(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* own, properties_of(node));
  GUST_TRY(const auto raw, with_globals(*own, "HttpApi"));
  GUST_CHECK(only(logical_id, raw, {"CorsConfiguration", "StageName", "StageVariables", "Name", "Description"},
                  {"Tags", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "FailOnWarnings",
                   "PropagateTags", "DisableExecuteApiEndpoint"}));
  GUST_TRY(auto spec, common_api(logical_id, node, raw));
  GUST_CHECK(stage_settings(spec, raw));
  out_.apis.push_back(std::move(spec));
  return {};
}

Result<void> Evaluator::plain_api(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(
      logical_id, *raw, {"Name", "ProtocolType", "Description", "CorsConfiguration", "RouteKey", "Target"},
      {"Tags", "Version", "DisableExecuteApiEndpoint", "RouteSelectionExpression", "FailOnWarnings", "IpAddressType"}));
  GUST_TRY(const auto protocol, resolver_->text((*raw)["ProtocolType"], "ProtocolType"));
  if (protocol != "HTTP") {
    return resolver_->error((*raw)["ProtocolType"].line,
                            fmt::format("{} has the ProtocolType '{}'; only HTTP is served", logical_id, protocol),
                            Code::kUnsupported);
  }
  GUST_TRY(auto spec, common_api(logical_id, node, *raw));
  if (const auto& target = (*raw)["Target"]; !target.absent()) {
    RouteSpec route{.key = "$default"};
    if (!(*raw)["RouteKey"].absent()) {
      GUST_TRY(route.key, resolver_->text((*raw)["RouteKey"], "RouteKey"));
    }
    GUST_TRY(const auto uri, resolver_->text(target, "Target"));
    route.function_arn = function_of(uri);
    GUST_CHECK(add_route(spec, std::move(route), target.line));
  }
  out_.apis.push_back(std::move(spec));
  return {};
}

Result<void> Evaluator::plain_stage(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(
      only(logical_id, *raw, {"ApiId", "StageName", "StageVariables", "AutoDeploy"},
           {"Tags", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings", "Description", "DeploymentId"}));
  GUST_TRY(auto* api, api_of(logical_id, (*raw)["ApiId"], node.line));
  if (const auto [at, is_first] = staged_.try_emplace(api->logical_id, logical_id); !is_first) {
    return resolver_->error(node.line,
                            fmt::format("{} and {} are both stages of {}; one stage an API is served here", at->second,
                                        logical_id, api->logical_id),
                            Code::kUnsupported);
  }
  if ((*raw)["AutoDeploy"].text != "true")
    note(fmt::format("{}:{}: the stage {} serves every change at once, as with AutoDeploy", file_, node.line,
                     logical_id));
  return stage_settings(*api, *raw);
}

// Integrations are read where a route names them: "integrations/LOGICAL-ID", for a Ref of one is its logical id here.
Result<void> Evaluator::plain_route(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw, {"ApiId", "RouteKey", "Target", "AuthorizationType"},
                  {"OperationName", "ApiKeyRequired"}));
  if (const auto& kind = (*raw)["AuthorizationType"]; !kind.absent() && kind.text != "NONE")
    return no_authorizer(logical_id, kind.line);
  GUST_TRY(auto* api, api_of(logical_id, (*raw)["ApiId"], node.line));
  RouteSpec route;
  GUST_TRY(route.key, resolver_->text((*raw)["RouteKey"], "RouteKey"));
  GUST_TRY(const auto target, resolver_->text((*raw)["Target"], "Target"));
  const auto slash = target.find('/');
  const auto id = slash == std::string::npos ? std::string() : target.substr(slash + 1);
  const auto& integration = root_["Resources"][id];
  if (integration["Type"].text != "AWS::ApiGatewayV2::Integration") {
    return resolver_->error(std::max((*raw)["Target"].line, node.line),
                            fmt::format("Target of {} must be integrations/ and a !Ref to an integration of this "
                                        "template, as in !Sub integrations/${{MyIntegration}}",
                                        logical_id));
  }
  GUST_TRY(const auto* settings, properties_of(integration));
  GUST_CHECK(only(
      id, *settings,
      {"ApiId", "IntegrationType", "IntegrationUri", "IntegrationMethod", "PayloadFormatVersion", "TimeoutInMillis"},
      {"Description", "ConnectionType", "CredentialsArn"}));
  GUST_TRY(const auto value, resolver_->resolve(*settings));
  if (value["IntegrationType"].text != "AWS_PROXY" || !value["IntegrationUri"].is_scalar()) {
    return resolver_->error(integration.line,
                            fmt::format("{} must have the IntegrationType AWS_PROXY and an IntegrationUri that names "
                                        "a function; no other is served",
                                        id),
                            Code::kUnsupported);
  }
  route.function_arn = function_of(value["IntegrationUri"].text);
  // Without it CloudFormation's integrations speak 1.0.
  route.payload_version = value["PayloadFormatVersion"].is_scalar() ? value["PayloadFormatVersion"].text : "1.0";
  route.timeout_ms = value["TimeoutInMillis"].text;
  return add_route(*api, std::move(route), node.line);
}

Result<void> Evaluator::add_route(ApiSpec& api, RouteSpec route, int line) {
  if (route.payload_version == "1") route.payload_version = "1.0";
  if (route.payload_version == "2") route.payload_version = "2.0";
  if (contains(api.routes, route.key, &RouteSpec::key)) {
    return resolver_->error(line, fmt::format("the route '{}' of {} is given twice", route.key, api.logical_id));
  }
  api.routes.push_back(std::move(route));
  return {};
}

Result<ApiSpec*> Evaluator::api_of(const std::string& logical_id, const Node& target, int line) {
  auto* api = find_api(referred(target));
  if (api != nullptr) return api;
  return resolver_->error(std::max(target.line, line),
                          fmt::format("ApiId of {} must be a !Ref to an HTTP API of this template", logical_id));
}

std::unexpected<Error> Evaluator::no_authorizer(const std::string& what, int line) const {
  return resolver_->error(
      line,
      fmt::format("{} asks for an authorizer, and there are none here yet; the route would be open to all. Remove it, "
                  "and check the caller in the function",
                  what),
      Code::kUnsupported);
}

}  // namespace gust::cli
