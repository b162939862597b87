#include "cli/template/evaluator.h"
#include "codec/digest.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::cli {
namespace {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::string short_digest(const Surroundings& around, const std::string& logical_id) {
  return codec::sha256_hex(fmt::format("{}\n{}\n{}", around.account, around.stack, logical_id)).substr(0, 12);
}

std::unexpected<Error> no_attribute(const std::string& logical_id, const std::string& name, std::string_view known) {
  return fail(Code::kInvalid, fmt::format("{} has no attribute '{}' here; it has {}", logical_id, name, known));
}

}  // namespace

std::string generated_function_name(const Surroundings& around, const std::string& logical_id) {
  return fmt::format("{}-{}-{}", around.stack.substr(0, 24), logical_id.substr(0, 24),
                     short_digest(around, logical_id));
}

std::string generated_bucket_name(const Surroundings& around, const std::string& logical_id) {
  return lower(
      fmt::format("{}-{}-{}", around.stack.substr(0, 24), logical_id.substr(0, 24), short_digest(around, logical_id)));
}

std::string pending_layer(const std::string& logical_id) { return fmt::format("<ARN of {}>", logical_id); }
std::string pending_stream(const std::string& logical_id) {
  return fmt::format("<ARN of the stream of {}>", logical_id);
}
std::string pending_url(const std::string& logical_id) { return fmt::format("<URL of {}>", logical_id); }

std::string pending_api_id(const std::string& logical_id) { return fmt::format("<id of {}>", logical_id); }

std::string Evaluator::function_arn(const std::string& name) const {
  return fmt::format("arn:aws:lambda:{}:{}:function:{}", around_.region, around_.account, name);
}

std::string Evaluator::target_arn(const FunctionSpec& spec) const {
  return function_arn(spec.name) + (spec.alias.empty() ? "" : ":" + spec.alias);
}

std::string Evaluator::role_arn(const std::string& name) const {
  return fmt::format("arn:aws:iam::{}:role/{}", around_.account, name);
}

bool Evaluator::has_implicit_api() const {
  if (root_["Resources"].find(kImplicitApi) != nullptr) return false;
  for (const auto& [id, resource] : root_["Resources"].fields) {
    for (const auto& [name, event] : resource["Properties"]["Events"].fields) {
      if (event["Type"].text == "HttpApi" && event["Properties"]["ApiId"].absent()) return true;
    }
  }
  return false;
}

Result<std::string> Evaluator::name_of(const std::string& logical_id, const Node& resource) {
  if (const auto it = names_.find(logical_id); it != names_.end()) return it->second;
  const auto& type = resource["Type"].text;
  if (!naming_.insert(logical_id).second) {
    return resolver_->error(resource.line, fmt::format("the name of {} depends on itself", logical_id));
  }
  const std::string_view field = type == "AWS::S3::Bucket"  ? "BucketName"
                                 : type == "AWS::IAM::Role" ? "RoleName"
                                 : is_table(type)           ? "TableName"
                                 : is_log_group(type)       ? "LogGroupName"
                                                            : "FunctionName";
  const auto& given = resource["Properties"][field];
  Node value;
  if (!given.absent()) {
    GUST_TRY(value, resolver_->resolve(given));
  }
  std::string name = value.text;
  if (!value.is_scalar()) {
    name = type == "AWS::S3::Bucket" ? generated_bucket_name(around_, logical_id)
                                     : generated_function_name(around_, logical_id);
  }
  naming_.erase(logical_id);
  return names_[logical_id] = name;
}

Result<std::string> Evaluator::attribute(const std::string& logical_id, const std::string& name) {
  const auto* resource = root_["Resources"].find(logical_id);
  if (resource == nullptr && name.empty() && logical_id.ends_with(".Stage")) {  // SAM: !Ref MyApi.Stage
    const auto* api = find_api(logical_id.substr(0, logical_id.find('.')));
    if (api != nullptr) return api->stage;
  }
  if (resource == nullptr && name.empty() && logical_id.ends_with(".Alias")) {  // SAM: !Ref MyFunction.Alias
    const auto function = logical_id.substr(0, logical_id.find('.'));
    const auto* node = root_["Resources"].find(function);
    if (node == nullptr) return fail(Code::kNotFound, "");
    GUST_TRY(const auto alias, auto_alias(*node));
    if (alias.empty()) return no_attribute(function, "Alias", "Arn, for it has no AutoPublishAlias");
    GUST_TRY(const auto own, name_of(function, *node));
    return function_arn(own) + ":" + alias;
  }
  if (resource == nullptr) {
    if (logical_id.ends_with("Url")) {  // SAM makes it of FunctionUrlConfig
      const auto function = logical_id.substr(0, logical_id.size() - 3);
      const auto* node = root_["Resources"].find(function);
      if (node != nullptr && !(*node)["Properties"]["FunctionUrlConfig"].absent())
        return url_attribute(function, *node, name);
    }
    if (logical_id == kImplicitApi && has_implicit_api()) return api_attribute(logical_id, name);
    // SAM makes a role FunctionRole for each function without one.
    const auto* function =
        logical_id.ends_with("Role") ? root_["Resources"].find(logical_id.substr(0, logical_id.size() - 4)) : nullptr;
    if (function == nullptr || (*function)["Type"].text != "AWS::Serverless::Function")
      return fail(Code::kNotFound, "");
    const auto role = fmt::format("{}-{}", around_.stack, logical_id);
    return name.empty() ? role : role_arn(role);
  }
  const auto& type = (*resource)["Type"].text;
  if (type == "AWS::Serverless::HttpApi" || type == "AWS::ApiGatewayV2::Api") return api_attribute(logical_id, name);
  if (is_table(type)) return table_attribute(logical_id, *resource, name);
  if (is_layer(type) && (name.empty() || name == "LayerVersionArn")) {
    const auto it = around_.layers.find(logical_id);
    return it == around_.layers.end() ? pending_layer(logical_id) : it->second;
  }
  if (type == "AWS::ApiGatewayV2::Stage" && name.empty())
    return resolver_->text((*resource)["Properties"]["StageName"], "StageName");
  if (type == "AWS::ApplicationAutoScaling::ScalableTarget" && name.empty()) return scalable_target_id(*resource);
  if (name.empty() &&
      (type == "AWS::Lambda::Permission" || type == "AWS::S3::BucketPolicy" || type.starts_with("AWS::ApiGatewayV2::")))
    return logical_id;
  GUST_TRY(const auto own, name_of(logical_id, *resource));
  if (name.empty()) return own;
  if (is_log_group(type) && name == "Arn")
    return fmt::format("arn:aws:logs:{}:{}:log-group:{}:*", around_.region, around_.account, own);
  if (type == "AWS::S3::Bucket") return bucket_attribute(own, name);
  if (name == "Arn" && type == "AWS::IAM::Role") return role_arn(own);
  if (name == "Arn" && (type == "AWS::Serverless::Function" || type == "AWS::Lambda::Function"))
    return function_arn(own);
  return no_attribute(logical_id, name, "Arn");
}

Result<std::string> Evaluator::auto_alias(const Node& function) {
  GUST_TRY(const auto raw, with_globals(function["Properties"], "Function"));
  if (raw["AutoPublishAlias"].absent()) return std::string();
  return resolver_->text(raw["AutoPublishAlias"], "AutoPublishAlias");
}

Result<std::string> Evaluator::url_attribute(const std::string& function, const Node& node, const std::string& name) {
  GUST_TRY(const auto own, name_of(function, node));
  if (name.empty() || name == "FunctionArn") return function_arn(own);
  const auto it = around_.urls.find(function);
  if (name == "FunctionUrl") return it == around_.urls.end() ? pending_url(function) : it->second;
  return no_attribute(function + "Url", name, "FunctionUrl, FunctionArn");
}

std::string Evaluator::site_url(const std::string& bucket) const {
  return http::Origin{bucket + ".site.localhost", around_.endpoint.port, around_.endpoint.tls}.url();
}

Result<std::string> Evaluator::bucket_attribute(const std::string& bucket, const std::string& name) {
  const auto port = around_.endpoint.port_suffix();
  if (name == "Arn") return fmt::format("arn:aws:s3:::{}", bucket);
  if (name == "DomainName") return fmt::format("{}.s3.localhost{}", bucket, port);
  if (name == "RegionalDomainName") return fmt::format("{}.s3.{}.localhost{}", bucket, around_.region, port);
  if (name == "WebsiteURL") return site_url(bucket);
  return no_attribute(bucket, name, "Arn, DomainName, RegionalDomainName, WebsiteURL");
}

Result<std::string> Evaluator::api_attribute(const std::string& logical_id, const std::string& name) {
  const auto it = around_.api_ids.find(logical_id);
  const auto id = it == around_.api_ids.end() ? pending_api_id(logical_id) : it->second;
  if (name.empty() || name == "ApiId") return id;
  if (name == "ApiEndpoint") return fmt::format("{}/_gust/api/{}", around_.endpoint.url(), id);
  return no_attribute(logical_id, name, "ApiId, ApiEndpoint");
}

}  // namespace gust::cli
