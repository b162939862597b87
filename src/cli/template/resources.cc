#include "cli/template/evaluator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 17> kServed = {"AWS::Serverless::LayerVersion",
                                                      "AWS::Lambda::LayerVersion",
                                                      "AWS::Serverless::Function",
                                                      "AWS::Serverless::HttpApi",
                                                      "AWS::S3::Bucket",
                                                      "AWS::DynamoDB::Table",
                                                      "AWS::Serverless::SimpleTable",
                                                      "AWS::Lambda::Function",
                                                      "AWS::Lambda::Permission",
                                                      "AWS::Lambda::EventInvokeConfig",
                                                      "AWS::Lambda::EventSourceMapping",
                                                      "AWS::ApplicationAutoScaling::ScalableTarget",
                                                      "AWS::ApplicationAutoScaling::ScalingPolicy",
                                                      "AWS::ApiGatewayV2::Api",
                                                      "AWS::ApiGatewayV2::Stage",
                                                      "AWS::ApiGatewayV2::Integration",
                                                      "AWS::ApiGatewayV2::Route"};

// What watches, groups or opens things that are open here anyway: nothing to make.
constexpr std::array<std::string_view, 13> kAccepted = {"AWS::S3::BucketPolicy",
                                                        "AWS::IAM::Role",
                                                        "AWS::IAM::Policy",
                                                        "AWS::IAM::ManagedPolicy",
                                                        "AWS::IAM::RolePolicy",
                                                        "AWS::Serverless::Connector",
                                                        "AWS::Logs::LogGroup",
                                                        "AWS::CloudWatch::Alarm",
                                                        "AWS::CloudWatch::Dashboard",
                                                        "AWS::ApplicationInsights::Application",
                                                        "AWS::ResourceGroups::Group",
                                                        "AWS::ApiGatewayV2::Deployment",
                                                        "AWS::CloudFormation::WaitConditionHandle"};

// What to take instead of a type that is not served.
std::string_view instead_of(std::string_view type) {
  if (type == "AWS::Serverless::Api" || type.starts_with("AWS::ApiGateway::"))
    return "REST APIs are not served; use AWS::Serverless::HttpApi and events of Type: HttpApi";
  return {};
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
  if (type.text == "AWS::DynamoDB::Table") return table(logical_id, node);
  if (type.text == "AWS::Serverless::SimpleTable") return simple_table(logical_id, node);
  if (type.text == "AWS::Serverless::HttpApi") return api(logical_id, node);
  if (type.text == "AWS::Serverless::Function") return serverless_function(logical_id, node);
  if (type.text == "AWS::Lambda::Function") return lambda_function(logical_id, node);
  if (type.text == "AWS::ApiGatewayV2::Api") return plain_api(logical_id, node);
  if (is_layer(type.text)) return layer(logical_id, node);
  if (contains(kServed, type.text)) return {};  // belongs to another resource; read when all of those are known
  if (!contains(kAccepted, type.text)) {
    const auto instead = instead_of(type.text);
    return resolver_->error(
        type.line,
        fmt::format("the resource {} has the type {}, which is not served; {}{}served are: {}", logical_id, type.text,
                    instead, instead.empty() ? "" : "; ", fmt::join(kServed, ", ")),
        Code::kUnsupported);
  }
  out_.accepted.emplace_back(logical_id, type.text);
  const std::string_view why =
      type.text == "AWS::Logs::LogGroup" ? "a log group is made with its first line, see gust logs"
      : type.text == "AWS::S3::BucketPolicy" || type.text.starts_with("AWS::IAM::") || type.text.ends_with("Connector")
          ? "within an account everything is allowed, so that it changes nothing"
          : "it has no effect here";
  note(fmt::format("{}:{}: {} ({}) is accepted; {}", file_, type.line, logical_id, type.text, why));
  return {};
}

Result<void> Evaluator::bucket(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(
      only(logical_id, *raw,
           {"BucketName", "CorsConfiguration", "NotificationConfiguration", "WebsiteConfiguration",
            "PublicAccessBlockConfiguration"},
           {"Tags", "BucketEncryption", "OwnershipControls", "AccessControl", "LifecycleConfiguration",
            "VersioningConfiguration", "LoggingConfiguration", "AccelerateConfiguration", "MetricsConfigurations",
            "InventoryConfigurations", "AnalyticsConfigurations", "IntelligentTieringConfigurations"}));
  BucketSpec spec;
  spec.logical_id = logical_id;
  spec.line = node.line;
  for (const auto policy : {"DeletionPolicy", "UpdateReplacePolicy"}) {
    if (node[policy].text.starts_with("Retain")) spec.retained.insert(policy);
  }
  GUST_TRY(spec.name, name_of(logical_id, node));
  if (const auto& cors = (*raw)["CorsConfiguration"]; !cors.absent()) {
    GUST_TRY(const auto value, resolver_->resolve(cors));
    if (!value["CorsRules"].is_list()) return resolver_->error(cors.line, "CorsConfiguration needs a list CorsRules");
    spec.cors = value["CorsRules"];
  }
  if (const auto& website = (*raw)["WebsiteConfiguration"]; !website.absent()) {
    GUST_CHECK(
        only(logical_id, website, {"IndexDocument", "ErrorDocument", "RedirectAllRequestsTo", "RoutingRules"}, {}));
    GUST_TRY(spec.website, resolver_->resolve(website));
    if (!spec.website["IndexDocument"].is_scalar() && spec.website["RedirectAllRequestsTo"].absent())
      return resolver_->error(website.line, "WebsiteConfiguration needs an IndexDocument or RedirectAllRequestsTo");
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
    spec.files[name] = std::move(text);
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

Result<void> Evaluator::permission(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw,
                  {"FunctionName", "Action", "Principal", "SourceArn", "SourceAccount", "FunctionUrlAuthType"},
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
                             value["SourceAccount"].text, value["FunctionUrlAuthType"].text, ""});
  return {};
}

Result<void> Evaluator::event_invoke(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(
      only(logical_id, *raw,
           {"FunctionName", "Qualifier", "MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}, {}));
  GUST_TRY(auto value, resolver_->resolve(*raw));
  const auto name = value["FunctionName"].text;
  const auto it = std::ranges::find_if(out_.functions,
                                       [&](const auto& f) { return f.name == name || function_arn(f.name) == name; });
  if (it == out_.functions.end() || value["Qualifier"].text != "$LATEST") {
    return resolver_->error(node.line, fmt::format("{} must be for a function of this template, with the Qualifier "
                                                   "$LATEST; it is for '{}' and '{}'",
                                                   logical_id, name, value["Qualifier"].text));
  }
  std::erase_if(value.fields, [](const Field& f) { return f.first == "FunctionName" || f.first == "Qualifier"; });
  it->event_invoke = std::move(value);
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
    out_.outputs.emplace_back(name, localized(std::move(value)));
  }
  return {};
}

}  // namespace gust::cli
