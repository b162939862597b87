// CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode,
// UpdateFunctionConfiguration, DeleteFunction.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/base64.h"
#include "codec/digest.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <set>

namespace gust::api {
namespace {

using functions::Function;
using functions::Registry;

constexpr std::size_t kMaxZip = 50 << 20, kMaxEnvironment = 4096;

wire::Reply<void> check_runtime(const std::string& runtime) {
  static const RE2 kServed(R"(python3\.\d{1,2}|nodejs\d{1,2}\.x|provided(\.al2|\.al2023)?)");
  if (RE2::FullMatch(runtime, kServed)) return {};
  return invalid_parameter(
      fmt::format("Value {} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
                  "[python3.x, nodejsN.x, provided, provided.al2, provided.al2023] or be a valid ARN",
                  runtime));
}

wire::Reply<void> check_environment(const std::map<std::string, std::string>& variables) {
  static const std::set<std::string_view> kReserved = {"_HANDLER",
                                                       "_X_AMZN_TRACE_ID",
                                                       "AWS_DEFAULT_REGION",
                                                       "AWS_REGION",
                                                       "AWS_EXECUTION_ENV",
                                                       "AWS_LAMBDA_FUNCTION_NAME",
                                                       "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                                                       "AWS_LAMBDA_FUNCTION_VERSION",
                                                       "AWS_LAMBDA_INITIALIZATION_TYPE",
                                                       "AWS_LAMBDA_LOG_GROUP_NAME",
                                                       "AWS_LAMBDA_LOG_STREAM_NAME",
                                                       "AWS_ACCESS_KEY",
                                                       "AWS_ACCESS_KEY_ID",
                                                       "AWS_SECRET_ACCESS_KEY",
                                                       "AWS_SESSION_TOKEN",
                                                       "AWS_LAMBDA_RUNTIME_API",
                                                       "LAMBDA_TASK_ROOT",
                                                       "LAMBDA_RUNTIME_DIR"};
  std::size_t size = 0;
  for (const auto& [name, value] : variables) {
    size += name.size() + value.size();
    if (kReserved.contains(name)) {
      return invalid_parameter(
          fmt::format("Lambda was unable to configure your environment variables because the environment variables you "
                      "have provided "
                      "contains reserved keys that are currently not supported for modification. Reserved keys used in "
                      "this request: {}",
                      name));
    }
  }
  if (const auto egress = variables.find("GUST_EGRESS");
      egress != variables.end() && egress->second != "internet" && egress->second != "none") {
    return invalid_parameter(
        fmt::format("GUST_EGRESS is '{}'; 'internet' and 'none' are what it may be", egress->second));
  }
  if (size > kMaxEnvironment) {
    return invalid_parameter(
        "Lambda was unable to configure your environment variables because the environment variables you have provided "
        "exceeded the 4KB limit.");
  }
  return {};
}

wire::Reply<void> check_role(const std::string& role) {
  static const RE2 kRole(R"(arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+)");
  if (RE2::FullMatch(role, kRole)) return {};
  return wire::fault(
      "ValidationException",
      fmt::format("1 validation error detected: Value '{}' at 'role' failed to satisfy constraint: Member must satisfy "
                  "regular expression pattern: {}",
                  role, kRole.pattern()),
      {}, 400);
}

// Members that are understood but not served; an answer that ignored them would lie.
template <typename Request>
wire::Reply<void> check_unserved(const Request& request) {
  const auto refuse = [](const char* member) {
    return invalid_parameter(fmt::format("'{}' is not served yet; leave it out", member));
  };
  if (request.layers && !request.layers->empty()) return refuse("Layers");
  if (request.image_config) return refuse("ImageConfig");
  if (request.file_system_configs && !request.file_system_configs->empty()) return refuse("FileSystemConfigs");
  if (request.vpc_config && request.vpc_config->subnet_ids && !request.vpc_config->subnet_ids->empty())
    return refuse("VpcConfig");
  if (request.dead_letter_config && request.dead_letter_config->target_arn &&
      !request.dead_letter_config->target_arn->empty())
    return refuse("DeadLetterConfig");
  if (request.durable_config) return refuse("DurableConfig");
  if (request.capacity_provider_config) return refuse("CapacityProviderConfig");
  return {};
}

// The members that both CreateFunction and UpdateFunctionConfiguration may set.
template <typename Request>
void apply(const Request& request, Function& function) {
  if (request.handler) function.handler = *request.handler;
  if (request.description) function.description = *request.description;
  if (request.timeout) function.timeout_s = static_cast<std::uint32_t>(*request.timeout);
  if (request.memory_size) function.memory_mb = static_cast<std::uint32_t>(*request.memory_size);
  if (request.ephemeral_storage) function.tmp_mb = static_cast<std::uint32_t>(request.ephemeral_storage->size);
  if (request.environment)
    function.environment = request.environment->variables.value_or(std::map<std::string, std::string>());
  if (request.runtime) function.runtime = *request.runtime;
}

template <typename Request>
wire::Reply<void> check_common(const Request& request) {
  GUST_CHECK(check_unserved(request));
  if (request.runtime) GUST_CHECK(check_runtime(*request.runtime));
  if (request.environment && request.environment->variables)
    GUST_CHECK(check_environment(*request.environment->variables));
  if (request.memory_size && *request.memory_size > 10'240) {
    return invalid_parameter(
        "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240");
  }
  if (request.timeout && (*request.timeout < 1 || *request.timeout > 900)) {
    return wire::fault(
        "ValidationException",
        fmt::format(
            "1 validation error detected: Value '{}' at 'timeout' failed to satisfy constraint: Member must have value "
            "less than or equal to 900",
            *request.timeout),
        {}, 400);
  }
  return {};
}

// The zip of a request: inline, or from a bucket.
boost::asio::awaitable<wire::Reply<std::string>> fetch_zip(CodeSource& code, const wire::Call& call,
                                                           std::optional<std::string> inline_zip,
                                                           std::optional<std::string> bucket,
                                                           std::optional<std::string> key) {
  if (inline_zip) {
    if (inline_zip->size() > kMaxZip)
      co_return wire::fault("RequestTooLargeException",
                            "Request must be smaller than 69905067 bytes for the CreateFunction operation",
                            {{"Type", "User"}}, 413);
    co_return *std::move(inline_zip);
  }
  if (!bucket || !key) co_return invalid_parameter("Please provide a source for function code.");
  auto zip = co_await code.read(call.context, *bucket, *key, 250 << 20);
  if (!zip && zip.error().code == Code::kNotFound) {
    co_return invalid_parameter(fmt::format("Error occurred while GetObject. S3 Error Code: {}. S3 Error Message: {}",
                                            zip.error().source == "bucket" ? "NoSuchBucket" : "NoSuchKey",
                                            zip.error().message));
  }
  if (!zip) co_return std::unexpected(zip.error());
  co_return *std::move(zip);
}

LambdaReply<lambda::FunctionConfiguration> create_function(Registry& registry, CodeSource& code, wire::Call call,
                                                           lambda::CreateFunctionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(check_role(request.role));
  GUST_CO_CHECK(check_common(request));
  if (request.package_type == "Image" || request.code.image_uri)
    co_return invalid_parameter("PackageType Image is not served yet; use a zip");
  if (!request.runtime)
    co_return invalid_parameter("Runtime is mandatory for functions created with deployment packages.");
  if (!request.handler) {
    if (!request.runtime->starts_with("provided"))
      co_return invalid_parameter("Handler is mandatory for functions created with deployment packages.");
    request.handler = "bootstrap";
  }
  Function function;
  function.key = std::move(key);
  function.region = call.context.region;
  function.role = request.role;
  apply(request, function);
  if (request.architectures) function.architectures = *request.architectures;
  GUST_CO_TRY(auto zip, co_await fetch_zip(code, call, std::move(request.code.zip_file), request.code.s3_bucket,
                                           request.code.s3_key));
  GUST_CO_TRY(const auto made, co_await registry.create(std::move(function), std::move(zip)));
  co_return to_configuration(made);
}

LambdaReply<lambda::FunctionConfiguration> get_configuration(Registry& registry, wire::Call call,
                                                             lambda::GetFunctionConfigurationRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get(std::move(key)));
  co_return to_configuration(function);
}

LambdaReply<lambda::GetFunctionResponse> get_function(
    Registry& registry, std::function<std::string(const functions::FunctionKey&)> location, wire::Call call,
    lambda::GetFunctionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  lambda::GetFunctionResponse out;
  out.configuration = to_configuration(function);
  out.code.emplace();
  out.code->repository_type = "S3";
  out.code->location = location(key);
  co_return out;
}

LambdaReply<lambda::ListFunctionsResponse> list_functions(Registry& registry, wire::Call call,
                                                          lambda::ListFunctionsRequest request) {
  const auto limit = static_cast<std::size_t>(std::clamp(request.max_items.value_or(50), 1, 50));
  const auto after = codec::from_base64(request.marker.value_or(""));
  if (!after) co_return invalid_parameter("Invalid marker");
  GUST_CO_TRY(const auto found, co_await registry.list(call.context.principal.account, *after, limit + 1));
  lambda::ListFunctionsResponse out;
  out.functions.emplace();
  for (const auto& function : found) {
    if (out.functions->size() == limit) {
      out.next_marker = codec::to_base64(*out.functions->back().function_name);
      break;
    }
    out.functions->push_back(to_configuration(function));
  }
  co_return out;
}

LambdaReply<lambda::FunctionConfiguration> update_code(Registry& registry, CodeSource& code, wire::Call call,
                                                       lambda::UpdateFunctionCodeRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  if (request.image_uri) co_return invalid_parameter("PackageType Image is not served yet; use a zip");
  GUST_CO_TRY(auto function, co_await registry.get(key));
  GUST_CO_TRY(auto zip, co_await fetch_zip(code, call, std::move(request.zip_file), request.s3_bucket, request.s3_key));
  if (request.dry_run.value_or(false)) {
    function.code_size = zip.size();
    function.code_sha256 = codec::to_base64(codec::digest(codec::DigestKind::kSha256, zip));
    co_return to_configuration(function);
  }
  GUST_CO_TRY(const auto updated,
              co_await registry.update_code(std::move(key), std::move(zip), request.revision_id.value_or("")));
  co_return to_configuration(updated);
}

LambdaReply<lambda::FunctionConfiguration> update_configuration(Registry& registry, wire::Call call,
                                                                lambda::UpdateFunctionConfigurationRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(check_common(request));
  if (request.role) GUST_CO_CHECK(check_role(*request.role));
  auto change = [&request](Function& function) -> Result<void> {
    apply(request, function);
    if (request.role) function.role = *request.role;
    return {};
  };
  GUST_CO_TRY(const auto updated,
              co_await registry.update(std::move(key), std::move(change), request.revision_id.value_or("")));
  co_return to_configuration(updated);
}

LambdaReply<lambda::DeleteFunctionResponse> delete_function(Registry& registry, wire::Call call,
                                                            lambda::DeleteFunctionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await registry.remove(std::move(key)));
  co_return lambda::DeleteFunctionResponse{};
}

}  // namespace

void LambdaService::add_function_operations() {
  service_.on<lambda::CreateFunction>([this](auto call, auto request) {
    return create_function(registry_, code_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetFunction>([this](auto call, auto request) {
    return get_function(registry_, code_location_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetFunctionConfiguration>(
      [this](auto call, auto request) { return get_configuration(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListFunctions>(
      [this](auto call, auto request) { return list_functions(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionCode>(
      [this](auto call, auto request) { return update_code(registry_, code_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionConfiguration>(
      [this](auto call, auto request) { return update_configuration(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteFunction>(
      [this](auto call, auto request) { return delete_function(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
