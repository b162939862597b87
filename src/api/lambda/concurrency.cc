// Reserved concurrency, and what of the account is left: PutFunctionConcurrency and its kin, GetAccountSettings.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

namespace gust::api {
namespace {

using functions::Invoker;
using functions::Registry;

constexpr std::int64_t kTotalCodeBytes = 80'530'636'800, kUnzippedBytes = 262'144'000, kZippedBytes = 52'428'800;

LambdaReply<lambda::Concurrency> put(Registry& registry, Invoker& invoker, wire::Call call,
                                     lambda::PutFunctionConcurrencyRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  const auto reserved = static_cast<std::uint32_t>(request.reserved_concurrent_executions);
  GUST_CO_CHECK(co_await registry.reserve_concurrency(std::move(key), reserved, invoker.account_concurrency()));
  lambda::Concurrency out;
  out.reserved_concurrent_executions = request.reserved_concurrent_executions;
  co_return out;
}

LambdaReply<lambda::GetFunctionConcurrencyResponse> get(Registry& registry, wire::Call call,
                                                        lambda::GetFunctionConcurrencyRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(co_await registry.get(key));
  GUST_CO_TRY(const auto reserved, co_await registry.reserved_concurrency(std::move(key)));
  lambda::GetFunctionConcurrencyResponse out;
  if (reserved) out.reserved_concurrent_executions = static_cast<std::int32_t>(*reserved);
  co_return out;
}

LambdaReply<lambda::Empty> remove(Registry& registry, Invoker& invoker, wire::Call call,
                                  lambda::DeleteFunctionConcurrencyRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(co_await registry.reserve_concurrency(std::move(key), std::nullopt, invoker.account_concurrency()));
  co_return lambda::Empty{};
}

LambdaReply<lambda::GetAccountSettingsResponse> account_settings(Registry& registry, Invoker& invoker, wire::Call call,
                                                                 lambda::GetAccountSettingsRequest) {
  const auto& account = call.context.principal.account;
  GUST_CO_TRY(const auto reserved, co_await registry.reserved_of(account));
  lambda::GetAccountSettingsResponse out;
  auto& limit = out.account_limit.emplace();
  limit.total_code_size = kTotalCodeBytes;
  limit.code_size_unzipped = kUnzippedBytes;
  limit.code_size_zipped = kZippedBytes;
  limit.concurrent_executions = static_cast<std::int32_t>(invoker.account_concurrency());
  limit.unreserved_concurrent_executions = static_cast<std::int32_t>(invoker.account_concurrency() - reserved);
  auto& usage = out.account_usage.emplace();
  usage.function_count = 0;
  usage.total_code_size = 0;
  for (std::string after;;) {
    GUST_CO_TRY(const auto some, co_await registry.list(account, after, 1000));
    for (const auto& function : some) *usage.total_code_size += static_cast<std::int64_t>(function.code_size);
    *usage.function_count += static_cast<std::int64_t>(some.size());
    if (some.size() < 1000) break;
    after = some.back().key.name.str();
  }
  co_return out;
}

}  // namespace

void LambdaService::add_concurrency_operations() {
  service_.on<lambda::PutFunctionConcurrency>(
      [this](auto call, auto request) { return put(registry_, invoker_, std::move(call), std::move(request)); });
  service_.on<lambda::GetFunctionConcurrency>(
      [this](auto call, auto request) { return get(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteFunctionConcurrency>(
      [this](auto call, auto request) { return remove(registry_, invoker_, std::move(call), std::move(request)); });
  service_.on<lambda::GetAccountSettings>([this](auto call, auto request) {
    return account_settings(registry_, invoker_, std::move(call), std::move(request));
  });
}

}  // namespace gust::api
