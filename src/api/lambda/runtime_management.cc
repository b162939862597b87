// When a function's runtime is updated: here with the machine's packages, which is what Auto means. To hold one back
// (FunctionUpdate, Manual) is refused rather than promised.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using functions::Registry;

// The version that a request is of: $LATEST, or a published one by its number.
boost::asio::awaitable<wire::Reply<std::string>> arn_of(Registry& registry, wire::Call call, std::string name,
                                                        std::optional<std::string> qualifier) {
  GUST_CO_TRY(const auto ref, own_version(call, name, qualifier));
  if (!ref.qualifier.empty() && ref.qualifier != functions::kLatest && !functions::is_version_number(ref.qualifier)) {
    co_return invalid_parameter(fmt::format(
        "The qualifier is '{}'; $LATEST or the number of a version is what it may be, not an alias", ref.qualifier));
  }
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  co_return ref.qualifier.empty() ? function.arn() : function.qualified_arn();
}

LambdaReply<lambda::PutRuntimeManagementConfigResponse> put(Registry& registry, wire::Call call,
                                                            lambda::PutRuntimeManagementConfigRequest request) {
  GUST_CO_TRY(auto arn, co_await arn_of(registry, call, request.function_name, request.qualifier));
  if (request.update_runtime_on != "Auto") {
    co_return invalid_parameter(
        fmt::format("'UpdateRuntimeOn' {} is not served yet: runtimes are this machine's and are updated with its "
                    "packages; give Auto",
                    request.update_runtime_on));
  }
  if (request.runtime_version_arn)
    co_return invalid_parameter("'RuntimeVersionArn' goes with 'UpdateRuntimeOn' Manual only; leave it out");
  lambda::PutRuntimeManagementConfigResponse out;
  out.update_runtime_on = "Auto";
  out.function_arn = std::move(arn);
  co_return out;
}

LambdaReply<lambda::GetRuntimeManagementConfigResponse> get(Registry& registry, wire::Call call,
                                                            lambda::GetRuntimeManagementConfigRequest request) {
  GUST_CO_TRY(auto arn, co_await arn_of(registry, call, request.function_name, request.qualifier));
  lambda::GetRuntimeManagementConfigResponse out;
  out.update_runtime_on = "Auto";
  out.function_arn = std::move(arn);
  co_return out;
}

}  // namespace

void LambdaService::add_runtime_management_operations() {
  service_.on<lambda::PutRuntimeManagementConfig>(
      [this](auto call, auto request) { return put(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::GetRuntimeManagementConfig>(
      [this](auto call, auto request) { return get(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
