// The event-invoke settings of a function: retries and age of asynchronous invocations.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using functions::EventInvokeConfig;
using functions::RecordStore;
using functions::Registry;

std::string qualified(const functions::Function& function, std::string_view qualifier) {
  return fmt::format("{}:{}", function.arn(), qualifier.empty() ? functions::kLatest : qualifier);
}

lambda::FunctionEventInvokeConfig to_answer(const functions::Function& function, std::string_view qualifier,
                                            const EventInvokeConfig& config) {
  lambda::FunctionEventInvokeConfig out;
  out.function_arn = qualified(function, qualifier);
  out.last_modified = config.modified_at;
  if (config.max_retries) out.maximum_retry_attempts = static_cast<std::int32_t>(*config.max_retries);
  if (config.max_age_s) out.maximum_event_age_in_seconds = static_cast<std::int32_t>(*config.max_age_s);
  out.destination_config.emplace();
  out.destination_config->on_success.emplace();
  out.destination_config->on_failure.emplace();
  if (!config.on_success.empty()) out.destination_config->on_success->destination = config.on_success;
  if (!config.on_failure.empty()) out.destination_config->on_failure->destination = config.on_failure;
  return out;
}

enum class Outcome { kSuccess, kFailure };

// A destination must be there: a function of the caller's, or for failures a bucket. Empty takes it away.
boost::asio::awaitable<wire::Reply<void>> check_destination(Registry& registry, RecordStore& records, wire::Call call,
                                                            std::string arn, Outcome of) {
  if (arn.empty()) co_return wire::Reply<void>{};
  const auto parsed = Arn::parse(arn);
  if (parsed && parsed->service == "s3" && of == Outcome::kFailure) {
    const auto found = co_await records.check(call.context.principal.account, parsed->resource);
    if (!found) {
      co_return invalid_parameter(
          fmt::format("The provided destination config DestinationConfig is invalid: the bucket of {}: {}", arn,
                      found.error().message));
    }
    co_return wire::Reply<void>{};
  }
  if (!parsed || parsed->service != "lambda") {
    co_return invalid_parameter(fmt::format(
        "The destination ARN {} is invalid. Functions are the destinations that are served yet, and for failures "
        "buckets",
        arn));
  }
  GUST_CO_TRY(const auto ref, own_version(call, arn, std::nullopt));
  GUST_CO_CHECK(co_await registry.get_version(ref));
  co_return wire::Reply<void>{};
}

template <typename Request>
boost::asio::awaitable<wire::Reply<EventInvokeConfig>> change(Registry& registry, RecordStore& records, wire::Call call,
                                                              Request request, EventInvokeConfig config) {
  if (!request.destination_config && !request.maximum_retry_attempts && !request.maximum_event_age_in_seconds)
    co_return invalid_parameter("You must specify at least one of error handling or destination setting.");
  if (request.destination_config) {
    const auto& d = *request.destination_config;
    config.on_success = d.on_success ? d.on_success->destination.value_or("") : "";
    config.on_failure = d.on_failure ? d.on_failure->destination.value_or("") : "";
    GUST_CO_CHECK(co_await check_destination(registry, records, call, config.on_success, Outcome::kSuccess));
    GUST_CO_CHECK(co_await check_destination(registry, records, call, config.on_failure, Outcome::kFailure));
  }
  if (request.maximum_retry_attempts) config.max_retries = static_cast<std::uint32_t>(*request.maximum_retry_attempts);
  if (request.maximum_event_age_in_seconds)
    config.max_age_s = static_cast<std::uint32_t>(*request.maximum_event_age_in_seconds);
  co_return config;
}

LambdaReply<lambda::FunctionEventInvokeConfig> put(Registry& registry, RecordStore& records, wire::Call call,
                                                   lambda::PutFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  const EventInvokeConfig none;
  GUST_CO_TRY(const auto config, co_await change(registry, records, call, request, none));
  GUST_CO_TRY(const auto saved, co_await registry.put_event_invoke_config(ref, config));
  co_return to_answer(function, ref.qualifier, saved);
}

std::unexpected<Error> none_for(const functions::Function& function, std::string_view qualifier) {
  return fail(Code::kNotFound, "The function " + qualified(function, qualifier) + " doesn't have an EventInvokeConfig",
              "event-invoke-config");
}

LambdaReply<lambda::FunctionEventInvokeConfig> update(Registry& registry, RecordStore& records, wire::Call call,
                                                      lambda::UpdateFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  GUST_CO_TRY(const auto before, co_await registry.event_invoke_config(ref));
  if (!before) co_return none_for(function, ref.qualifier);
  GUST_CO_TRY(const auto config, co_await change(registry, records, call, request, *before));
  GUST_CO_TRY(const auto saved, co_await registry.put_event_invoke_config(ref, config));
  co_return to_answer(function, ref.qualifier, saved);
}

LambdaReply<lambda::FunctionEventInvokeConfig> get(Registry& registry, wire::Call call,
                                                   lambda::GetFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  GUST_CO_TRY(const auto config, co_await registry.event_invoke_config(ref));
  if (!config) co_return none_for(function, ref.qualifier);
  co_return to_answer(function, ref.qualifier, *config);
}

LambdaReply<lambda::Empty> remove(Registry& registry, wire::Call call,
                                  lambda::DeleteFunctionEventInvokeConfigRequest request) {
  GUST_CO_TRY(const auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await registry.get_version(ref));
  GUST_CO_CHECK(co_await registry.remove_event_invoke_config(ref));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListFunctionEventInvokeConfigsResponse> list(
    Registry& registry, wire::Call call, lambda::ListFunctionEventInvokeConfigsRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(const auto configs, co_await registry.event_invoke_configs(key));
  lambda::ListFunctionEventInvokeConfigsResponse out;
  out.function_event_invoke_configs.emplace();
  for (const auto& [qualifier, config] : configs)
    out.function_event_invoke_configs->push_back(to_answer(function, qualifier, config));
  co_return out;
}

}  // namespace

void LambdaService::add_event_invoke_operations() {
  service_.on<lambda::PutFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return put(registry_, records_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return update(registry_, records_, std::move(call), std::move(request)); });
  service_.on<lambda::GetFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return get(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteFunctionEventInvokeConfig>(
      [this](auto call, auto request) { return remove(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListFunctionEventInvokeConfigs>(
      [this](auto call, auto request) { return list(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
