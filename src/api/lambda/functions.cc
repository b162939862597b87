// CreateFunction, GetFunction, GetFunctionConfiguration, ListFunctions, UpdateFunctionCode,
// UpdateFunctionConfiguration, DeleteFunction.
#include "api/lambda/image.h"
#include "api/lambda/package.h"
#include "api/lambda/service.h"
#include "api/lambda/settings.h"
#include "api/lambda/shared.h"

#include "codec/base64.h"
#include "codec/digest.h"
#include "functions/registry_read.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using functions::Function;
using functions::Registry;

// `code` is a CreateFunctionRequest's code, or an UpdateFunctionCodeRequest, which has the same members.
template <typename Code>
wire::Reply<void> check_code(const Code& code) {
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

struct Stores {
  Registry& registry;
  functions::Layers& layers;
  functions::Images& images;
};

LambdaReply<lambda::FunctionConfiguration> publish_latest(Registry& registry, functions::FunctionKey key) {
  GUST_CO_TRY(const auto version, co_await registry.publish(std::move(key), {}));
  co_return to_configuration(version, version.version);
}

wire::Reply<void> check_zip_settings(lambda::CreateFunctionRequest& request) {
  if (request.code.image_uri)
    return invalid_parameter("Please don't provide ImageUri when creating a function with packageType Zip.");
  if (!request.runtime)
    return invalid_parameter("Runtime is mandatory for functions created with deployment packages.");
  if (request.handler) return {};
  if (!request.runtime->starts_with("provided"))
    return invalid_parameter("Handler is mandatory for functions created with deployment packages.");
  request.handler = "bootstrap";
  return {};
}

wire::Reply<void> check_image_settings(const lambda::CreateFunctionRequest& request) {
  if (!request.code.image_uri)
    return invalid_parameter("Please provide ImageUri when creating a function with packageType Image.");
  if (request.code.zip_file || request.code.s3_bucket || request.code.s3_key)
    return invalid_parameter("Please do not provide other FunctionCode parameters when providing an ImageUri.");
  return {};
}

LambdaReply<Function> create_of_zip(Stores stores, CodeSource& code, wire::Call call, Function function,
                                    lambda::CreateFunctionRequest request) {
  GUST_CO_CHECK(check_code(request.code));
  if (request.layers) {
    GUST_CO_TRY(auto stack, co_await stores.layers.stack(function.key.account, *request.layers));
    use(std::move(stack), function);
  }
  auto source = source_of(request.code);
  GUST_CO_TRY(auto zip, co_await fetch_package(code, call, std::move(source)));
  co_return co_await stores.registry.create(std::move(function), std::move(zip));
}

LambdaReply<Function> create_of_image(Stores stores, wire::Call call, Function function,
                                      lambda::CreateFunctionRequest request) {
  const auto uri = *request.code.image_uri;
  GUST_CO_TRY(const auto image, co_await find_image(stores.images, call, uri));
  GUST_CO_CHECK(use_image(image, uri, function));
  GUST_CO_CHECK(apply_image_config(request.image_config, function));
  co_return co_await stores.registry.create_of_image(std::move(function));
}

LambdaReply<lambda::FunctionConfiguration> create_function(Stores stores, CodeSource& code, wire::Call call,
                                                           lambda::CreateFunctionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(check_role(request.role));
  const bool image = request.package_type == "Image";
  GUST_CO_CHECK(check_package_type(request, image));
  GUST_CO_CHECK(check_settings(request));
  GUST_CO_CHECK(check_new(request));
  GUST_CO_CHECK(image ? check_image_settings(request) : check_zip_settings(request));
  Function function;
  function.key = std::move(key);
  function.region = call.context.region;
  function.role = request.role;
  apply_settings(request, function);
  if (request.architectures) function.architectures = *request.architectures;
  if (request.tags) function.tags = *request.tags;
  if (image) function.image.emplace();
  GUST_CO_CHECK(apply_logging(request.logging_config, function));
  GUST_CO_CHECK(check_snap_start(function));
  GUST_CO_CHECK(check_capacity(function));
  const bool publish = request.publish.value_or(false);
  auto made = image ? co_await create_of_image(stores, call, std::move(function), std::move(request))
                    : co_await create_of_zip(stores, code, call, std::move(function), std::move(request));
  if (!made) co_return std::unexpected(made.error());
  if (!publish) co_return to_configuration(*made);
  co_return co_await publish_latest(stores.registry, made->key);
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
  if (function.image) {
    out.code = location_of(*function.image);
  } else {
    out.code.emplace();
    out.code->repository_type = "S3";
    out.code->location = location({ref.key, function.version});
  }
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

wire::Reply<void> check_same_type(const lambda::UpdateFunctionCodeRequest& request, bool image) {
  if (image && (!request.image_uri || request.zip_file || request.s3_bucket || request.s3_key))
    return invalid_parameter("Please provide ImageUri when updating a function with packageType Image.");
  if (!image && request.image_uri)
    return invalid_parameter("Please don't provide ImageUri when updating a function with packageType Zip.");
  return check_code(request);
}

LambdaReply<Function> update_image(Stores stores, wire::Call call, Function before,
                                   lambda::UpdateFunctionCodeRequest request) {
  const auto uri = *request.image_uri;
  GUST_CO_TRY(const auto image, co_await find_image(stores.images, call, uri));
  auto change = [image, uri, architectures = request.architectures](Function& function) -> Result<void> {
    if (!function.image)
      return fail(Code::kConflict, "the function became one of PackageType Zip meanwhile", "function");
    if (architectures) function.architectures = *architectures;
    return use_image(image, uri, function);
  };
  const auto revision = request.revision_id.value_or("");
  if (!request.dry_run.value_or(false))
    co_return co_await stores.registry.update(before.key, std::move(change), revision);
  if (!revision.empty() && revision != before.revision_id) co_return functions::rows::wrong_revision();
  GUST_CO_CHECK(change(before));
  co_return before;
}

LambdaReply<Function> update_zip(Registry& registry, CodeSource& code, wire::Call call, functions::FunctionKey key,
                                 lambda::UpdateFunctionCodeRequest request) {
  const auto mode = request.dry_run.value_or(false) ? Registry::CodeUpdate::kTry : Registry::CodeUpdate::kKeep;
  const auto revision = request.revision_id.value_or("");
  auto change = [architectures = request.architectures](Function& function) {
    if (architectures) function.architectures = *architectures;
  };
  auto source = source_of(request);
  GUST_CO_TRY(auto zip, co_await fetch_package(code, call, std::move(source)));
  co_return co_await registry.update_code(std::move(key), std::move(zip), revision, std::move(change), mode);
}

LambdaReply<lambda::FunctionConfiguration> update_code(Stores stores, CodeSource& code, wire::Call call,
                                                       lambda::UpdateFunctionCodeRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  if (request.publish_to) co_return lambda_not_served("PublishTo");
  GUST_CO_TRY(auto before, co_await stores.registry.get(key));
  GUST_CO_CHECK(check_same_type(request, before.image.has_value()));
  const bool publish = request.publish.value_or(false) && !request.dry_run.value_or(false);
  auto updated = before.image
                     ? co_await update_image(stores, call, std::move(before), std::move(request))
                     : co_await update_zip(stores.registry, code, call, std::move(key), std::move(request));
  if (!updated) co_return std::unexpected(updated.error());
  if (publish) co_return co_await publish_latest(stores.registry, updated->key);
  co_return to_configuration(*updated);
}

LambdaReply<lambda::FunctionConfiguration> update_configuration(Registry& registry, functions::Layers& layers,
                                                                wire::Call call,
                                                                lambda::UpdateFunctionConfigurationRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto before, co_await registry.get(key));
  GUST_CO_CHECK(check_package_type(request, before.image.has_value()));
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
    GUST_CHECK(apply_logging(request.logging_config, function));
    GUST_CHECK(check_capacity(function));
    GUST_CHECK(apply_image_config(request.image_config, function));
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
    return create_function({registry_, layers_, images_}, code_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetFunction>([this](auto call, auto request) {
    return get_function(registry_, code_link_, std::move(call), std::move(request));
  });
  service_.on<lambda::GetFunctionConfiguration>(
      [this](auto call, auto request) { return get_configuration(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListFunctions>(
      [this](auto call, auto request) { return list_functions(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionCode>([this](auto call, auto request) {
    return update_code({registry_, layers_, images_}, code_, std::move(call), std::move(request));
  });
  service_.on<lambda::UpdateFunctionConfiguration>([this](auto call, auto request) {
    return update_configuration(registry_, layers_, std::move(call), std::move(request));
  });
  service_.on<lambda::DeleteFunction>(
      [this](auto call, auto request) { return delete_function(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
