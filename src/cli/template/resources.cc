#include "cli/template/evaluator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 10> kServed = {
    "AWS::Serverless::Function", "AWS::Serverless::HttpApi", "AWS::S3::Bucket", "AWS::Lambda::Function",
    "AWS::Lambda::Permission",   "AWS::S3::BucketPolicy",    "AWS::IAM::Role",  "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",   "AWS::Logs::LogGroup"};

// SAM's names of CORS settings -> those of the wire.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kCors = {
    {{"AllowOrigins", "allowOrigins"},
     {"AllowMethods", "allowMethods"},
     {"AllowHeaders", "allowHeaders"},
     {"ExposeHeaders", "exposeHeaders"},
     {"MaxAge", "maxAge"},
     {"AllowCredentials", "allowCredentials"}}};

// Splits "https://ID.execute-api.REGION.amazonaws.com", as templates put it together, and puts the address that answers
// here in its place.
std::string localized(std::string text, const std::vector<ApiSpec>& apis, const Surroundings& around) {
  for (const auto& api : apis) {
    const auto it = around.api_ids.find(api.logical_id);
    const auto id = it == around.api_ids.end() ? pending_api_id(api.logical_id) : it->second;
    const auto from = fmt::format("https://{}.execute-api.{}.amazonaws.com", id, around.region);
    const auto at = text.find(from);
    if (at == std::string::npos) continue;
    text.replace(at, from.size(), fmt::format("{}/_gust/api/{}", around.endpoint, id));
  }
  return text;
}

}  // namespace

Result<void> Evaluator::resource(const std::string& logical_id, const Node& node) {
  const bool name_ok = !logical_id.empty() && logical_id.size() <= 255 &&
                       std::ranges::all_of(logical_id, [](unsigned char c) { return std::isalnum(c) != 0; });
  if (!name_ok)
    return resolver_->error(node.line,
                            fmt::format("the resource '{}' must be named with letters and digits only", logical_id));
  const auto& type = node["Type"];
  if (!type.is_scalar()) return resolver_->error(node.line, fmt::format("the resource {} has no Type", logical_id));
  if (type.text == "AWS::S3::Bucket") return bucket(logical_id, node);
  if (type.text == "AWS::Serverless::HttpApi") return api(logical_id, node);
  if (type.text == "AWS::Serverless::Function") return serverless_function(logical_id, node);
  if (type.text == "AWS::Lambda::Function") return lambda_function(logical_id, node);
  if (std::ranges::find(kServed, type.text) == kServed.end()) {
    return resolver_->error(type.line,
                            fmt::format("the resource {} has the type {}, which is not served; served are: {}",
                                        logical_id, type.text, fmt::join(kServed, ", ")),
                            Code::kUnsupported);
  }
  out_.accepted.emplace_back(logical_id, type.text);
  if (type.text == "AWS::S3::BucketPolicy" || type.text.starts_with("AWS::IAM::")) {
    note(fmt::format("{}:{}: {} ({}) is accepted; within an account everything is allowed, so that it changes nothing",
                     file_, type.line, logical_id, type.text));
  } else if (type.text == "AWS::Logs::LogGroup") {
    note(fmt::format("{}:{}: {} is accepted; functions' logs are kept without it, see gust logs", file_, type.line,
                     logical_id));
  }
  return {};
}

Result<void> Evaluator::bucket(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw,
                  {"BucketName", "CorsConfiguration", "NotificationConfiguration", "WebsiteConfiguration",
                   "PublicAccessBlockConfiguration"},
                  {"Tags", "BucketEncryption", "OwnershipControls", "AccessControl",
                   "LifecycleConfiguration", "VersioningConfiguration"}));
  BucketSpec spec;
  spec.logical_id = logical_id;
  spec.line = node.line;
  GUST_TRY(spec.name, name_of(logical_id, node));
  if (const auto& cors = (*raw)["CorsConfiguration"]; !cors.absent()) {
    GUST_TRY(const auto value, resolver_->resolve(cors));
    if (!value["CorsRules"].is_list()) return resolver_->error(cors.line, "CorsConfiguration needs a list CorsRules");
    spec.cors = value["CorsRules"];
  }
  if (const auto& website = (*raw)["WebsiteConfiguration"]; !website.absent()) {
    GUST_CHECK(only(logical_id, website, {"IndexDocument", "ErrorDocument"}, {}));
    GUST_TRY(spec.website, resolver_->resolve(website));
    if (!spec.website["IndexDocument"].is_scalar())
      return resolver_->error(website.line, "WebsiteConfiguration needs an IndexDocument");
  }
  if (const auto& notifications = (*raw)["NotificationConfiguration"]; !notifications.absent()) {
    GUST_CHECK(bucket_notifications(spec, notifications));
  }
  GUST_CHECK(content(spec, node["Metadata"]["GustContent"]));
  out_.buckets.push_back(std::move(spec));
  return {};
}

Result<void> Evaluator::content(BucketSpec& spec, const Node& metadata) {
  if (metadata.absent()) return {};
  GUST_CHECK(only(spec.logical_id, metadata, {"Source", "Files"}, {}));
  if (const auto& source = metadata["Source"]; !source.absent()) {
    GUST_TRY(const auto path, resolver_->text(source, "GustContent.Source"));
    const auto folder = fs::absolute(file_).parent_path() / path;
    if (!fs::is_directory(folder)) {
      return resolver_->error(source.line,
                              fmt::format("the folder {} of GustContent does not exist; build it first", path));
    }
    spec.content_folder = fs::weakly_canonical(folder).string();
  }
  for (const auto& [name, value] : metadata["Files"].fields) {
    GUST_TRY(auto text, resolver_->text(value, fmt::format("GustContent.Files.{}", name)));
    spec.files[name] = localized(std::move(text), out_.apis, around_);
  }
  return {};
}

Result<void> Evaluator::bucket_notifications(BucketSpec& spec, const Node& configuration) {
  GUST_CHECK(only(spec.logical_id, configuration, {"LambdaConfigurations"}, {}));
  int index = 0;
  for (const auto& raw : configuration["LambdaConfigurations"].items) {
    GUST_CHECK(only(spec.logical_id, raw, {"Event", "Function", "Filter"}, {}));
    GUST_TRY(const auto item, resolver_->resolve(raw));
    if (!item["Event"].is_scalar() || !item["Function"].is_scalar()) {
      return resolver_->error(raw.line, "a LambdaConfiguration needs an Event and a Function");
    }
    Notification out{fmt::format("{}-{}", spec.logical_id, ++index), item["Function"].text, {item["Event"].text}, {}};
    for (const auto& rule : item["Filter"]["S3Key"]["Rules"].items)
      out.rules.emplace_back(rule["Name"].text, rule["Value"].text);
    spec.notifications.push_back(std::move(out));
  }
  return {};
}

Result<void> Evaluator::api(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* own, properties_of(node));
  GUST_TRY(const auto raw, with_globals(*own, "HttpApi"));
  GUST_CHECK(only(logical_id, raw, {"CorsConfiguration", "StageName", "Name", "Description"},
                  {"Tags", "AccessLogSettings", "DefaultRouteSettings", "FailOnWarnings", "PropagateTags"}));
  ApiSpec spec;
  spec.logical_id = logical_id;
  spec.line = node.line;
  spec.name = fmt::format("{}-{}", around_.stack, logical_id).substr(0, 128);
  if (!raw["Name"].absent()) {
    GUST_TRY(spec.name, resolver_->text(raw["Name"], "Name"));
  }
  if (!raw["Description"].absent()) {
    GUST_TRY(spec.description, resolver_->text(raw["Description"], "Description"));
  }
  if (!raw["StageName"].absent()) {
    GUST_TRY(spec.stage, resolver_->text(raw["StageName"], "StageName"));
  }
  if (const auto& cors = raw["CorsConfiguration"]; !cors.absent()) {
    GUST_TRY(const auto value, resolver_->resolve(cors));
    if (value.is_map()) {
      spec.cors = Node::map(cors.line);
      for (const auto& [from, to] : kCors) {
        if (const auto* found = value.find(from)) spec.cors.set(std::string(to), *found);
      }
      for (const auto& [name, unused] : value.fields) {
        if (!contains(kCors, name, &std::pair<std::string_view, std::string_view>::first)) {
          return resolver_->error(cors.line, fmt::format("CorsConfiguration has no '{}'", name));
        }
      }
    } else if (value.text == "true" || value.text == "True") {
      spec.cors = Node::map(cors.line);
      for (const auto name : {"allowOrigins", "allowMethods", "allowHeaders"}) {
        spec.cors.set(name, Node{Node::Kind::kList, {}, {Node::of("*", cors.line)}, {}, cors.line});
      }
    }
  }
  out_.apis.push_back(std::move(spec));
  return {};
}

Result<void> Evaluator::permission(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw, {"FunctionName", "Action", "Principal", "SourceArn", "SourceAccount"},
                  {"EventSourceToken"}));
  GUST_TRY(const auto value, resolver_->resolve(*raw));
  const auto& name = value["FunctionName"].text;
  const auto it = std::ranges::find_if(out_.functions,
                                       [&](const auto& f) { return f.name == name || function_arn(f.name) == name; });
  if (it == out_.functions.end()) {
    return resolver_->error(
        node.line, fmt::format("{} is for the function '{}', which is not of this template", logical_id, name));
  }
  it->permissions.push_back({logical_id, value["Action"].text, value["Principal"].text, value["SourceArn"].text,
                             value["SourceAccount"].text});
  return {};
}

Result<void> Evaluator::outputs() {
  for (const auto& [name, node] : root_["Outputs"].fields) {
    if (const auto& condition = node["Condition"]; condition.is_scalar()) {
      GUST_TRY(const auto holds, resolver_->condition(condition.text, condition.line));
      if (!holds) continue;
    }
    if (node["Value"].absent()) return resolver_->error(node.line, fmt::format("the output {} has no Value", name));
    GUST_TRY(auto value, resolver_->text(node["Value"], fmt::format("the output {}", name)));
    out_.outputs.emplace_back(name, localized(std::move(value), out_.apis, around_));
  }
  return {};
}

}  // namespace gust::cli
