#include "cli/template/evaluator.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

// What goes to the wire under its own name.
const std::vector<std::string_view> kConfiguration = {"Runtime",     "Handler",     "Timeout",       "MemorySize",
                                                      "Environment", "Description", "Architectures", "EphemeralStorage",
                                                      "SnapStart",   "Layers",      "CapacityProviderConfig",
                                                      "ImageConfig", "LoggingConfig"};

const std::vector<std::string_view> kLogging = {"LogFormat", "ApplicationLogLevel", "SystemLogLevel", "LogGroup"};

// Of SAM's and of plain functions: accepted with a note.
const std::vector<std::string_view> kFunctionIgnored = {"AutoPublishAliasAllProperties",
                                                        "AutoPublishCodeSha256",
                                                        "AssumeRolePolicyDocument",
                                                        "CodeSigningConfigArn",
                                                        "DeadLetterConfig",
                                                        "DeadLetterQueue",
                                                        "DeploymentPreference",
                                                        "KmsKeyArn",
                                                        "PermissionsBoundary",
                                                        "PropagateTags",
                                                        "RecursiveLoop",
                                                        "RolePath",
                                                        "RuntimeManagementConfig",
                                                        "Tags",
                                                        "Tracing",
                                                        "TracingConfig",
                                                        "VersionDescription",
                                                        "VpcConfig"};

// `ours` on top of `standard`, as SAM does with Globals: maps are merged, lists are added to, the rest is replaced.
Node merged(const Node& standard, const Node& ours) {
  if (standard.is_list() && ours.is_list()) {
    Node out = standard;
    out.line = ours.line;
    out.items.insert(out.items.end(), ours.items.begin(), ours.items.end());
    return out;
  }
  if (!standard.is_map() || !ours.is_map()) return ours;
  if (ours.fields.size() == 1 && (ours.fields[0].first == "Ref" || ours.fields[0].first.starts_with("Fn::")))
    return ours;
  Node out = standard;
  out.line = ours.line;
  for (const auto& [name, value] : ours.fields) {
    const auto* existing = standard.find(name);
    const bool alone = existing == nullptr || name == "Architectures";  // of which there is one
    out.set(name, alone ? value : merged(*existing, value));
  }
  return out;
}

}  // namespace

Result<Node> Evaluator::with_globals(const Node& properties, std::string_view section) const {
  const auto& globals = root_["Globals"];
  for (const auto& [name, value] : globals.fields) {
    if (name != "Function" && name != "HttpApi" && name != "Api" && name != "SimpleTable") {
      return resolver_->error(value.line,
                              fmt::format("Globals.{} is not served; Function, HttpApi and SimpleTable are", name),
                              Code::kUnsupported);
    }
  }
  const auto& standard = globals[section];
  return standard.is_map() ? merged(standard, properties) : properties;
}

Result<void> Evaluator::configuration(FunctionSpec& spec, const Node& properties) {
  spec.configuration = Node::map(spec.line);
  for (const auto name : kConfiguration) {
    const auto& raw = properties[name];
    if (raw.absent()) continue;
    GUST_TRY(auto value, resolver_->resolve(raw));
    if (name == "LoggingConfig") GUST_CHECK(only(spec.logical_id, value, kLogging, {}));
    if (!value.absent() && value.kind != Node::Kind::kNull) spec.configuration.set(std::string(name), std::move(value));
  }
  for (const auto name : {"Runtime", "Handler"}) {
    if (spec.code.from == CodeSource::From::kImage) break;
    if (spec.configuration.find(name) != nullptr) continue;
    return resolver_->error(spec.line, fmt::format("the function {} has no {}", spec.logical_id, name));
  }
  const auto& role = properties["Role"];
  std::string arn = role_arn(fmt::format("{}-{}Role", around_.stack, spec.logical_id));
  if (!role.absent()) {
    GUST_TRY(arn, resolver_->text(role, "Role"));
  }
  spec.configuration.set("Role", Node::of(std::move(arn), spec.line));
  return {};
}

Result<void> Evaluator::local_code(CodeSource& code, const std::string& of, const std::string& path, int line) {
  const auto full = fs::absolute(file_).parent_path() / path;
  code.line = line;
  code.path = fs::weakly_canonical(full).string();
  if (fs::is_directory(full)) {
    code.from = CodeSource::From::kFolder;
  } else if (fs::is_regular_file(full)) {
    code.from = CodeSource::From::kZip;
  } else {
    return resolver_->error(
        line,
        fmt::format("the code of {} is not there: {} is neither a folder nor a file beside the template", of, path));
  }
  return {};
}

// CodeUri or ContentUri: a path, s3://BUCKET/KEY or a map.
Result<void> Evaluator::code_uri(CodeSource& code, const std::string& of, const Node& raw) {
  GUST_TRY(const auto uri, resolver_->resolve(raw));
  if (uri.is_map()) {
    code = {CodeSource::From::kObject, {}, uri["Bucket"].text, uri["Key"].text, {}, raw.line};
    return {};
  }
  if (!uri.is_scalar())
    return resolver_->error(raw.line, fmt::format("the code of {} must be a path, s3://BUCKET/KEY or a map of Bucket "
                                                  "and Key",
                                                  of));
  if (!uri.text.starts_with("s3://")) return local_code(code, of, uri.text, raw.line);
  const auto rest = uri.text.substr(5);
  const auto slash = rest.find('/');
  if (slash == std::string::npos)
    return resolver_->error(raw.line, fmt::format("'{}' is not s3://BUCKET/KEY", uri.text));
  code = {CodeSource::From::kObject, {}, rest.substr(0, slash), rest.substr(slash + 1), {}, raw.line};
  return {};
}

Result<void> Evaluator::serverless_code(FunctionSpec& spec, const Node& properties) {
  if (const auto& text = properties["InlineCode"]; !text.absent()) {
    spec.code.from = CodeSource::From::kInline;
    spec.code.line = text.line;
    GUST_TRY(spec.code.text, resolver_->text(text, "InlineCode"));
    return {};
  }
  if (properties["CodeUri"].absent()) return local_code(spec.code, spec.logical_id, ".", spec.line);
  return code_uri(spec.code, spec.logical_id, properties["CodeUri"]);
}

// Of a folder: a makefile, or what is done for these runtimes anyway.
Result<void> Evaluator::build_method(CodeSource& code, const std::string& of, const Node& node,
                                     std::initializer_list<std::string_view> runtimes) const {
  const auto& method = node["Metadata"]["BuildMethod"];
  if (!method.is_scalar()) return {};
  if (method.text == "makefile" && code.from == CodeSource::From::kFolder) {
    code.build = CodeSource::Build::kMakefile;
    return {};
  }
  if (std::ranges::any_of(runtimes, [&](auto runtime) { return method.text.starts_with(runtime); })) return {};
  return resolver_->error(method.line,
                          fmt::format("BuildMethod {} of {} is not served: name a folder with a Makefile and "
                                      "BuildMethod makefile, or build it first and name the result",
                                      method.text, of),
                          Code::kUnsupported);
}

Result<void> Evaluator::layer(const std::string& logical_id, const Node& node) {
  const bool serverless = node["Type"].text == "AWS::Serverless::LayerVersion";
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(only(logical_id, *raw,
                  {"LayerName", "Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures",
                   serverless ? "ContentUri" : "Content", "RetentionPolicy"},
                  {}));
  LayerSpec spec;
  spec.logical_id = spec.name = logical_id;
  spec.line = node.line;
  if (const auto& name = (*raw)["LayerName"]; !name.absent()) {
    GUST_TRY(spec.name, resolver_->text(name, "LayerName"));
  }
  spec.settings = Node::map(node.line);
  for (const auto* name : {"Description", "LicenseInfo", "CompatibleRuntimes", "CompatibleArchitectures"}) {
    if ((*raw)[name].absent()) continue;
    GUST_TRY(auto value, resolver_->resolve((*raw)[name]));
    spec.settings.set(name, std::move(value));
  }
  for (const auto* policy : {"DeletionPolicy", "UpdateReplacePolicy"}) {
    // SAM keeps versions that are replaced, unless it is told otherwise.
    const auto& said = serverless ? (*raw)["RetentionPolicy"] : node[policy];
    if (said.absent() ? serverless : said.text.starts_with("Retain")) spec.retained.insert(policy);
  }
  const auto& content = (*raw)[serverless ? "ContentUri" : "Content"];
  if (content.absent()) return resolver_->error(node.line, fmt::format("the layer {} has no content", logical_id));
  if (serverless) {
    GUST_CHECK(code_uri(spec.content, logical_id, content));
  } else {
    GUST_TRY(const auto value, resolver_->resolve(content));
    if (value.is_scalar()) {
      GUST_CHECK(local_code(spec.content, logical_id, value.text, content.line));
    } else {
      spec.content = {CodeSource::From::kObject, {}, value["S3Bucket"].text, value["S3Key"].text, {}, content.line};
    }
  }
  GUST_CHECK(build_method(spec.content, logical_id, node, {}));
  out_.layers.push_back(std::move(spec));
  return {};
}

Result<void> Evaluator::serverless_function(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* own, properties_of(node));
  GUST_TRY(const auto raw, with_globals(*own, "Function"));
  GUST_TRY(const bool image, is_image(logical_id, raw));
  GUST_CHECK(only(logical_id, raw,
                  {"CodeUri",
                   "InlineCode",
                   "ImageUri",
                   "ImageConfig",
                   "Handler",
                   "Runtime",
                   "Timeout",
                   "MemorySize",
                   "Environment",
                   "Description",
                   "Role",
                   "Policies",
                   "Events",
                   "EventInvokeConfig",
                   "FunctionName",
                   "Architectures",
                   "PackageType",
                   "EphemeralStorage",
                   "SnapStart",
                   "Layers",
                   "CapacityProviderConfig",
                   "LoggingConfig",
                   "ReservedConcurrentExecutions",
                   "AutoPublishAlias",
                   "ProvisionedConcurrencyConfig",
                   "FunctionUrlConfig"},
                  kFunctionIgnored));
  FunctionSpec spec;
  spec.logical_id = logical_id;
  spec.line = node.line;
  GUST_TRY(spec.name, name_of(logical_id, node));
  GUST_CHECK(image ? image_uri(spec.code, logical_id, raw["ImageUri"]) : serverless_code(spec, raw));
  if (!image) GUST_CHECK(build_method(spec.code, logical_id, node, {"python", "nodejs"}));
  GUST_CHECK(configuration(spec, raw));
  GUST_CHECK(serverless_capacity(spec, raw));
  GUST_CHECK(concurrency(spec, raw));
  GUST_CHECK(serverless_alias(spec, raw));
  GUST_CHECK(serverless_url(spec, raw));
  if (const auto& invoke = raw["EventInvokeConfig"]; !invoke.absent()) {
    GUST_CHECK(only(logical_id, invoke, {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}, {}));
    GUST_TRY(spec.event_invoke, resolver_->resolve(invoke));
    if (auto* destinations = spec.event_invoke.find("DestinationConfig")) {
      for (auto& [name, destination] : destinations->fields)
        std::erase_if(destination.fields, [](const auto& f) { return f.first == "Type"; });
    }
  }
  out_.functions.push_back(std::move(spec));
  return {};
}

// SAM's own, flatter spelling of what CloudFormation and the API have.
Result<void> Evaluator::serverless_capacity(FunctionSpec& spec, const Node& properties) {
  const auto& raw = properties["CapacityProviderConfig"];
  if (raw.absent()) return {};
  GUST_CHECK(only(spec.logical_id, raw, {"Arn", "PerExecutionEnvironmentMaxConcurrency"}, {}));
  auto inner = *spec.configuration.find("CapacityProviderConfig");
  if (inner["Arn"].absent())
    return resolver_->error(raw.line, fmt::format("CapacityProviderConfig of {} needs Arn", spec.logical_id));
  for (auto& [name, value] : inner.fields) {
    if (name == "Arn") name = "CapacityProviderArn";
  }
  auto outer = Node::map(raw.line);
  outer.set("LambdaManagedInstancesCapacityProviderConfig", std::move(inner));
  spec.configuration.set("CapacityProviderConfig", std::move(outer));
  return {};
}

Result<void> Evaluator::concurrency(FunctionSpec& spec, const Node& properties) {
  const auto& raw = properties["ReservedConcurrentExecutions"];
  if (raw.absent()) return {};
  GUST_TRY(spec.reserved, resolver_->resolve(raw));
  return {};
}

Result<void> Evaluator::serverless_alias(FunctionSpec& spec, const Node& properties) {
  if (const auto& alias = properties["AutoPublishAlias"]; !alias.absent()) {
    GUST_TRY(spec.alias, resolver_->text(alias, "AutoPublishAlias"));
  }
  const auto& provisioned = properties["ProvisionedConcurrencyConfig"];
  if (provisioned.absent()) return {};
  GUST_CHECK(only(spec.logical_id, provisioned, {"ProvisionedConcurrentExecutions"}, {}));
  if (spec.alias.empty()) {
    return resolver_->error(
        provisioned.line, fmt::format("ProvisionedConcurrencyConfig of {} needs an AutoPublishAlias", spec.logical_id));
  }
  GUST_TRY(spec.provisioned, resolver_->resolve(provisioned["ProvisionedConcurrentExecutions"]));
  if (spec.provisioned.is_scalar()) return {};
  return resolver_->error(provisioned.line, fmt::format("ProvisionedConcurrencyConfig of {} needs "
                                                        "ProvisionedConcurrentExecutions",
                                                        spec.logical_id));
}

// As SAM: of the alias where there is one, and with the permission for everybody where no signature is asked for.
Result<void> Evaluator::serverless_url(FunctionSpec& spec, const Node& properties) {
  const auto& raw = properties["FunctionUrlConfig"];
  if (raw.absent()) return {};
  GUST_CHECK(only(spec.logical_id, raw, {"AuthType", "Cors", "InvokeMode"}, {}));
  GUST_TRY(spec.url, resolver_->resolve(raw));
  const auto& type = spec.url["AuthType"].text;
  if (type != "NONE" && type != "AWS_IAM") {
    return resolver_->error(raw.line, fmt::format("FunctionUrlConfig of {} needs AuthType NONE or AWS_IAM, not '{}'",
                                                  spec.logical_id, type));
  }
  if (type == "NONE") {
    spec.permissions.push_back(
        {spec.logical_id + "UrlPublicPermissions", "lambda:InvokeFunctionUrl", "*", "", "", "NONE", spec.alias});
  }
  return {};
}

Result<void> Evaluator::lambda_code(FunctionSpec& spec, const Node& properties) {
  const auto& code = properties["Code"];
  GUST_TRY(const bool image, is_image(spec.logical_id, properties));
  if (code.absent()) return resolver_->error(spec.line, fmt::format("the function {} has no Code", spec.logical_id));
  if (image) return image_uri(spec.code, spec.logical_id, code["ImageUri"]);
  GUST_TRY(const auto value, resolver_->resolve(code));
  if (value.is_scalar()) return local_code(spec.code, spec.logical_id, value.text, code.line);
  if (value["ZipFile"].is_scalar()) {
    spec.code = {CodeSource::From::kInline, {}, {}, {}, value["ZipFile"].text, code.line};
  } else if (value["S3Bucket"].is_scalar() && value["S3Key"].is_scalar()) {
    spec.code = {CodeSource::From::kObject, {}, value["S3Bucket"].text, value["S3Key"].text, {}, code.line};
  } else {
    return resolver_->error(code.line,
                            "Code needs ZipFile, or S3Bucket and S3Key, or the path of a folder or zip; with "
                            "PackageType Image it needs ImageUri",
                            Code::kUnsupported);
  }
  return {};
}

Result<void> Evaluator::lambda_function(const std::string& logical_id, const Node& node) {
  GUST_TRY(const auto* raw, properties_of(node));
  GUST_CHECK(
      only(logical_id, *raw,
           {"Code", "Handler", "Runtime", "Timeout", "MemorySize", "Environment", "Description", "Role", "FunctionName",
            "Architectures", "PackageType", "EphemeralStorage", "SnapStart", "Layers", "CapacityProviderConfig",
            "LoggingConfig", "ImageConfig", "ReservedConcurrentExecutions"},
           kFunctionIgnored));
  FunctionSpec spec;
  spec.logical_id = logical_id;
  spec.line = node.line;
  GUST_TRY(spec.name, name_of(logical_id, node));
  const auto& capacity = (*raw)["CapacityProviderConfig"]["LambdaManagedInstancesCapacityProviderConfig"];
  if (!capacity.absent())
    GUST_CHECK(only(logical_id, capacity, {"CapacityProviderArn", "PerExecutionEnvironmentMaxConcurrency"}, {}));
  GUST_CHECK(lambda_code(spec, *raw));
  GUST_CHECK(configuration(spec, *raw));
  GUST_CHECK(concurrency(spec, *raw));
  out_.functions.push_back(std::move(spec));
  return {};
}

}  // namespace gust::cli
