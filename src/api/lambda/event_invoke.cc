// The event-invoke settings of a function: retries and age of asynchronous invocations.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

namespace gust::api {
namespace {

using functions::EventInvokeConfig;
using functions::Registry;

lambda::FunctionEventInvokeConfig to_answer(const functions::Function& function, const EventInvokeConfig& config) {
  lambda::FunctionEventInvokeConfig out;
  out.function_arn = function.arn() + ":$LATEST";
  out.last_modified = config.modified_at;
  if (config.max_retries) out.maximum_retry_attempts = static_cast<std::int32_t>(*config.max_retries);
  if (config.max_age_s) out.maximum_event_age_in_seconds = static_cast<std::int32_t>(*config.max_age_s);
  out.destination_config.emplace();
  out.destination_config->on_success.emplace();
  out.destination_config->on_failure.emplace();
  return out;
}

template <typename Request>
wire::Reply<void> change(const Request& request, EventInvokeConfig& config) {
  if (request.destination_config) {
    const auto& d = *request.destination_config;
    if ((d.on_success && d.on_success->destination) || (d.on_failure && d.on_failure->destination))
      return invalid_parameter("Destinations are not served yet; leave DestinationConfig out");
  }
  if (request.maximum_retry_attempts) config.max_retries = static_cast<std::uint32_t>(*request.maximum_retry_attempts);
  if (request.maximum_event_age_in_seconds)
    config.max_age_s = static_cast<std::uint32_t>(*request.maximum_event_age_in_seconds);
  return {};
}

LambdaReply<lambda::FunctionEventInvokeConfig> put(Registry& registry, wire::Call call,
                                                   lambda::PutFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  EventInvokeConfig config;
  GUST_CO_CHECK(change(request, config));
  GUST_CO_TRY(const auto saved, co_await registry.put_event_invoke_config(std::move(key), config));
  co_return to_answer(function, saved);
}

std::unexpected<Error> none_for(const functions::Function& function) {
  return fail(Code::kNotFound, "The function " + function.arn() + ":$LATEST doesn't have an EventInvokeConfig",
              "event-invoke-config");
}

LambdaReply<lambda::FunctionEventInvokeConfig> update(Registry& registry, wire::Call call,
                                                      lambda::UpdateFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(auto config, co_await registry.event_invoke_config(key));
  if (!config) co_return none_for(function);
  GUST_CO_CHECK(change(request, *config));
  GUST_CO_TRY(const auto saved, co_await registry.put_event_invoke_config(std::move(key), *config));
  co_return to_answer(function, saved);
}

LambdaReply<lambda::FunctionEventInvokeConfig> get(Registry& registry, wire::Call call,
                                                   lambda::GetFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(const auto config, co_await registry.event_invoke_config(std::move(key)));
  if (!config) co_return none_for(function);
  co_return to_answer(function, *config);
}

LambdaReply<lambda::Empty> remove(Registry& registry, wire::Call call,
                                  lambda::DeleteFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await registry.get(key));
  GUST_CO_CHECK(co_await registry.remove_event_invoke_config(std::move(key)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListFunctionEventInvokeConfigsResponse> list(
    Registry& registry, wire::Call call, lambda::ListFunctionEventInvokeConfigsRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(const auto config, co_await registry.event_invoke_config(std::move(key)));
  lambda::ListFunctionEventInvokeConfigsResponse out;
  out.function_event_invoke_configs.emplace();
  if (config) out.function_event_invoke_configs->push_back(to_answer(function, *config));
  co_return out;
}

}  // namespace

void LambdaService::add_event_invoke_operations() {
  service_.on<lambda::PutFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return put(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return update(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::GetFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return get(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return remove(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListFunctionEventInvokeConfigs>(
      [this](auto call, auto request) { return list(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
