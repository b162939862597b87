// CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode,
// UpdateFunctionConfiguration, DeleteFunction.
#include "api/lambda/package.h"
#include "api/lambda/service.h"
#include "api/lambda/settings.h"
#include "api/lambda/shared.h"

#include "codec/base64.h"
#include "codec/digest.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using functions::Function;
using functions::Registry;

// `code` is a CreateFunctionRequest's code, or an UpdateFunctionCodeRequest, which has the same members.
template <typename Code>
wire::Reply<void> check_code(const Code& code) {
  if (code.image_uri) return invalid_parameter("PackageType Image is not served yet; use a zip");
  if (code.s3_object_version) return lambda_not_served("S3ObjectVersion");
  if (code.source_kms_key_arn) return lambda_not_served("SourceKMSKeyArn");
  return {};
}

template <typename Code>
PackageSource source_of(Code& code) {
  return {std::move(code.zip_file), std::move(code.s3_bucket), std::move(code.s3_key)};
}

void use(functions::Layers::Stack stack, Function& function) {
  function.layers = std::move(stack.layers);
  function.layers_folder = std::move(stack.folder);
}

LambdaReply<lambda::FunctionConfiguration> publish_latest(Registry& registry, functions::FunctionKey key) {
  GUST_CO_TRY(const auto version, co_await registry.publish(std::move(key), {}));
  co_return to_configuration(version, version.version);
}

LambdaReply<lambda::FunctionConfiguration> create_function(Registry& registry, functions::Layers& layers,
                                                           CodeSource& code, wire::Call call,
                                                           lambda::CreateFunctionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(check_role(request.role));
  GUST_CO_CHECK(check_settings(request));
  GUST_CO_CHECK(check_new(request));
  if (request.package_type == "Image") co_return invalid_parameter("PackageType Image is not served yet; use a zip");
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
  apply_settings(request, function);
  if (request.architectures) function.architectures = *request.architectures;
  if (request.tags) function.tags = *request.tags;
  GUST_CO_CHECK(check_snap_start(function));
  GUST_CO_CHECK(check_capacity(function));
  GUST_CO_CHECK(check_code(request.code));
  if (request.layers) {
    GUST_CO_TRY(auto stack, co_await layers.stack(function.key.account, *request.layers));
    use(std::move(stack), function);
  }
  auto source = source_of(request.code);
  GUST_CO_TRY(auto zip, co_await fetch_package(code, call, std::move(source)));
  GUST_CO_TRY(const auto made, co_await registry.create(std::move(function), std::move(zip)));
  if (!request.publish.value_or(false)) co_return to_configuration(made);
  co_return co_await publish_latest(registry, made.key);
}

LambdaReply<lambda::FunctionConfiguration> get_configuration(Registry& registry, wire::Call call,
                                                             lambda::GetFunctionConfigurationRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  co_return to_configuration(function, ref.qualifier);
}

LambdaReply<lambda::GetFunctionResponse> get_function(
    Registry& registry, std::function<std::string(const functions::FunctionRef&)> location, wire::Call call,
    lambda::GetFunctionRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  GUST_CO_TRY(const auto reserved, co_await registry.reserved_concurrency(ref.key));
  lambda::GetFunctionResponse out;
  out.configuration = to_configuration(function, ref.qualifier);
  out.code.emplace();
  out.code->repository_type = "S3";
  out.code->location = location({ref.key, function.version});
  if (!function.tags.empty()) out.tags = function.tags;
  if (reserved) {
    out.concurrency.emplace();
    out.concurrency->reserved_concurrent_executions = static_cast<std::int32_t>(*reserved);
  }
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
    if (out.functions->size() >= limit) {
      out.next_marker = codec::to_base64(*out.functions->back().function_name);
      break;
    }
    if (request.function_version != "ALL") {
      out.functions->push_back(to_configuration(function));
      continue;
    }
    GUST_CO_TRY(const auto versions, co_await registry.versions(function.key, 0, 100'000));
    for (const auto& version : versions) out.functions->push_back(to_configuration(version, version.version));
  }
  co_return out;
}

LambdaReply<lambda::FunctionConfiguration> update_code(Registry& registry, CodeSource& code, wire::Call call,
                                                       lambda::UpdateFunctionCodeRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  if (request.publish_to) co_return lambda_not_served("PublishTo");
  GUST_CO_CHECK(co_await registry.get(key));
  const auto architectures = request.architectures;
  const auto revision = request.revision_id.value_or("");
  const bool publish = request.publish.value_or(false) && !request.dry_run.value_or(false);
  const auto mode = request.dry_run.value_or(false) ? Registry::CodeUpdate::kTry : Registry::CodeUpdate::kKeep;
  GUST_CO_CHECK(check_code(request));
  auto source = source_of(request);
  GUST_CO_TRY(auto zip, co_await fetch_package(code, call, std::move(source)));
  auto change = [architectures](Function& function) {
    if (architectures) function.architectures = *architectures;
  };
  GUST_CO_TRY(const auto updated,
              co_await registry.update_code(std::move(key), std::move(zip), revision, std::move(change), mode));
  if (publish) co_return co_await publish_latest(registry, updated.key);
  co_return to_configuration(updated);
}

LambdaReply<lambda::FunctionConfiguration> update_configuration(Registry& registry, functions::Layers& layers,
                                                                wire::Call call,
                                                                lambda::UpdateFunctionConfigurationRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(check_settings(request));
  if (request.role) GUST_CO_CHECK(check_role(*request.role));
  std::optional<functions::Layers::Stack> stack;
  if (request.layers) {
    GUST_CO_TRY(stack, co_await layers.stack(key.account, *request.layers));
  }
  auto change = [&request, &stack](Function& function) -> Result<void> {
    apply_settings(request, function);
    if (stack) use(*stack, function);
    if (request.role) function.role = *request.role;
    GUST_CHECK(check_capacity(function));
    return check_snap_start(function);
  };
  GUST_CO_TRY(const auto updated,
              co_await registry.update(std::move(key), std::move(change), request.revision_id.value_or("")));
  co_return to_configuration(updated);
}

LambdaReply<lambda::DeleteFunctionResponse> delete_function(Registry& registry, wire::Call call,
                                                            lambda::DeleteFunctionRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  if (ref.qualifier.empty()) {
    GUST_CO_CHECK(co_await registry.remove(ref.key));
  } else if (ref.qualifier == functions::kLatest) {
    co_return invalid_parameter("$LATEST version cannot be deleted without deleting the function.");
  } else if (!functions::is_version_number(ref.qualifier)) {
    co_return invalid_parameter("Deletion of aliases is not currently supported.");
  } else {
    GUST_CO_CHECK(co_await registry.remove_version(ref.key, ref.qualifier));
  }
  co_return lambda::DeleteFunctionResponse{};
}

}  // namespace

void LambdaService::add_function_operations() {
  service_.on<lambda::CreateFunction>([this](auto call, auto request) {
    return create_function(registry_, layers_, code_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetFunction>([this](auto call, auto request) {
    return get_function(registry_, code_link_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetFunctionConfiguration>(
      [this](auto call, auto request) { return get_configuration(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListFunctions>(
      [this](auto call, auto request) { return list_functions(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionCode>(
      [this](auto call, auto request) { return update_code(registry_, code_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionConfiguration>([this](auto call, auto request) {
    return update_configuration(registry_, layers_, std::move(call), std::move(request));
  });
  service_.on<lambda::DeleteFunction>(
      [this](auto call, auto request) { return delete_function(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
