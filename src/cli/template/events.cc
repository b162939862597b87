#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

// Does the function's configuration mention the bucket by Ref or GetAtt? CloudFormation calls that a circle.
bool mentions(const Node& node, const std::string& logical_id) {
  if (referred(node) == logical_id) return true;
  if (const auto* attribute = node.find("Fn::GetAtt"); attribute != nullptr && attribute->is_list() &&
                                                       !attribute->items.empty() &&
                                                       attribute->items[0].text == logical_id)
    return true;
  if (const auto* text = node.find("Fn::Sub"); text != nullptr && text->text.contains("${" + logical_id)) return true;
  return std::ranges::any_of(node.items, [&](const auto& item) { return mentions(item, logical_id); }) ||
         std::ranges::any_of(node.fields, [&](const auto& field) { return mentions(field.second, logical_id); });
}

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

}  // namespace

Result<void> Evaluator::event(const std::string& function_id, const std::string& name, const Node& node) {
  const auto& type = node["Type"];
  if (type.text == "S3") return s3_event(function_id, name, node["Properties"]);
  if (type.text == "DynamoDB") return stream_event(function_id, name, node["Properties"]);
  if (type.text == "HttpApi") return http_api_event(function_id, name, node["Properties"]);
  const int line = std::max(type.line, node.line);
  if (type.text == "Api") {
    return resolver_->error(
        line,
        fmt::format("the event {} of {} is of a REST API (Type: Api), which is not served; use Type: HttpApi, "
                    "with PayloadFormatVersion: \"1.0\" for the same event",
                    name, function_id),
        Code::kUnsupported);
  }
  return resolver_->error(
      line,
      fmt::format("the event {} of {} has the Type '{}', which is not served; served are: DynamoDB, HttpApi, S3", name,
                  function_id, type.text),
      Code::kUnsupported);
}

Result<void> Evaluator::s3_event(const std::string& function_id, const std::string& name, const Node& properties) {
  GUST_CHECK(only(function_id, properties, {"Bucket", "Events", "Filter"}, {}));
  auto* function = find_function(function_id);
  const auto bucket_id = referred(properties["Bucket"]);
  auto* bucket = find_bucket(bucket_id);
  if (bucket == nullptr) {
    return resolver_->error(
        std::max(properties["Bucket"].line, properties.line),
        fmt::format("Bucket of the event {} of {} must be a !Ref to a bucket of this template", name, function_id));
  }
  const auto& source = root_["Resources"][function_id]["Properties"];
  if (mentions(source["Environment"], bucket_id) || mentions(source["Policies"], bucket_id)) {
    note(fmt::format(
        "{}:{}: {} names the bucket {} whose events start it; fine here, but CloudFormation calls it a circle: "
        "name the bucket with !Sub there",
        file_, function->line, function_id, bucket_id));
  }
  GUST_TRY(const auto value, resolver_->resolve(properties));
  Notification out{fmt::format("{}-{}", function_id, name), target_arn(*function), {}, {}};
  const auto& events = value["Events"];
  if (events.is_scalar()) out.events.push_back(events.text);
  for (const auto& item : events.items) out.events.push_back(item.text);
  if (out.events.empty())
    return resolver_->error(properties.line, fmt::format("the event {} of {} has no Events", name, function_id));
  for (const auto& rule : value["Filter"]["S3Key"]["Rules"].items) {
    if (!rule["Name"].is_scalar() || !rule["Value"].is_scalar())
      return resolver_->error(rule.line, "a filter rule needs Name and Value");
    out.rules.emplace_back(rule["Name"].text, rule["Value"].text);
  }
  function->permissions.push_back({fmt::format("{}{}Permission", function_id, name), "lambda:InvokeFunction",
                                   "s3.amazonaws.com", fmt::format("arn:aws:s3:::{}", bucket->name), around_.account,
                                   "", function->alias});
  bucket->notifications.push_back(std::move(out));
  return {};
}

Result<void> Evaluator::http_api_event(const std::string& function_id, const std::string& name,
                                       const Node& properties) {
  GUST_CHECK(only(function_id, properties,
                  {"ApiId", "Method", "Path", "PayloadFormatVersion", "TimeoutInMillis", "Auth"}, {"RouteSettings"}));
  if (const auto& auth = properties["Auth"]; !auth.absent() && auth["Authorizer"].text != "NONE")
    return no_authorizer(fmt::format("the event {} of {}", name, function_id), auth.line);
  auto* function = find_function(function_id);
  const auto& target = properties["ApiId"];
  auto* api = find_api(target.absent() ? std::string(kImplicitApi) : referred(target));
  if (api == nullptr) {
    return resolver_->error(
        std::max(target.line, properties.line),
        fmt::format("ApiId of the event {} of {} must be a !Ref to an HTTP API of this template", name, function_id));
  }
  GUST_TRY(const auto value, resolver_->resolve(properties));
  RouteSpec route;
  route.function_arn = target_arn(*function);
  auto path = value["Path"];
  while (path.text.size() > 1 && path.text.ends_with('/')) path.text.pop_back();  // as SAM does
  auto method = upper(value["Method"].is_scalar() ? value["Method"].text : "ANY");
  if (method == "*" || method == "X-AMAZON-APIGATEWAY-ANY-METHOD") method = "ANY";
  if (!path.is_scalar() && value["Method"].is_scalar()) {
    return resolver_->error(properties.line,
                            fmt::format("the event {} of {} has a Method and no Path", name, function_id));
  }
  if (path.is_scalar() && path.text != "$default" && !path.text.starts_with('/')) {
    return resolver_->error(path.line, fmt::format("the path '{}' must start with '/'", path.text));
  }
  route.key = !path.is_scalar() || path.text == "$default" ? "$default" : fmt::format("{} {}", method, path.text);
  if (value["PayloadFormatVersion"].is_scalar()) route.payload_version = value["PayloadFormatVersion"].text;
  route.timeout_ms = value["TimeoutInMillis"].text;
  GUST_CHECK(add_route(*api, std::move(route), properties.line));
  const auto sid = fmt::format("{}{}Permission", function_id, name);
  const auto it = around_.api_ids.find(api->logical_id);
  const auto id = it == around_.api_ids.end() ? pending_api_id(api->logical_id) : it->second;
  function->permissions.push_back({sid,
                                   "lambda:InvokeFunction",
                                   "apigateway.amazonaws.com",
                                   fmt::format("arn:aws:execute-api:{}:{}:{}/*", around_.region, around_.account, id),
                                   {},
                                   {},
                                   function->alias});
  return {};
}

}  // namespace gust::cli
