// Provisioned concurrency: PutProvisionedConcurrencyConfig and its kin.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/time_format.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

using functions::Invoker;
using functions::Provision;
using functions::Registry;

// 2019-10-30T20:28:33+0000
std::string time_of(WallTime time) {
  auto text = codec::to_iso8601(time);
  text.replace(text.size() - 1, 1, "+0000");
  return text;
}

template <typename Answer>
Answer to_answer(const Provision& provision, const functions::ProvisionStatus& status) {
  Answer out;
  out.requested_provisioned_concurrent_executions = static_cast<std::int32_t>(provision.requested);
  out.allocated_provisioned_concurrent_executions = static_cast<std::int32_t>(status.allocated);
  out.available_provisioned_concurrent_executions = static_cast<std::int32_t>(status.available);
  out.last_modified = time_of(provision.modified_at);
  const bool ready = status.available >= provision.requested;
  out.status = ready ? "READY" : status.failure.empty() ? "IN_PROGRESS" : "FAILED";
  if (out.status == "FAILED") out.status_reason = status.failure;
  return out;
}

boost::asio::awaitable<wire::Reply<functions::ProvisionStatus>> status_of(Registry& registry, Invoker& invoker,
                                                                          functions::FunctionRef ref) {
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  const functions::FunctionRef version{ref.key, function.version};
  co_return invoker.provisioned(version);
}

LambdaReply<lambda::PutProvisionedConcurrencyConfigResponse> put(
    Registry& registry, Invoker& invoker, wire::Call call, lambda::PutProvisionedConcurrencyConfigRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  const auto wanted = static_cast<std::uint32_t>(request.provisioned_concurrent_executions);
  GUST_CO_TRY(const auto provision, co_await registry.provision(std::move(ref), wanted, invoker.account_concurrency()));
  auto out = to_answer<lambda::PutProvisionedConcurrencyConfigResponse>(provision, {});
  out.status = "IN_PROGRESS";
  co_return out;
}

LambdaReply<lambda::GetProvisionedConcurrencyConfigResponse> get(
    Registry& registry, Invoker& invoker, wire::Call call, lambda::GetProvisionedConcurrencyConfigRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto status, co_await status_of(registry, invoker, ref));
  GUST_CO_TRY(const auto all, co_await registry.provisions(ref.key));
  for (const auto& provision : all) {
    if (provision.ref == ref) co_return to_answer<lambda::GetProvisionedConcurrencyConfigResponse>(provision, status);
  }
  co_return wire::fault("ProvisionedConcurrencyConfigNotFoundException",
                        "No Provisioned Concurrency Config found for this function", {{"Type", "User"}}, 404);
}

LambdaReply<lambda::Empty> remove(Registry& registry, wire::Call call,
                                  lambda::DeleteProvisionedConcurrencyConfigRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await registry.unprovision(std::move(ref)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListProvisionedConcurrencyConfigsResponse> list(
    Registry& registry, Invoker& invoker, wire::Call call, lambda::ListProvisionedConcurrencyConfigsRequest request) {
  GUST_CO_TRY(const auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(const auto all, co_await registry.provisions(key));
  const auto limit = static_cast<std::size_t>(request.max_items.value_or(50));
  lambda::ListProvisionedConcurrencyConfigsResponse out;
  auto& configs = out.provisioned_concurrency_configs.emplace();
  for (const auto& provision : all) {
    if (request.marker && provision.ref.qualifier <= *request.marker) continue;
    if (configs.size() == limit) {
      out.next_marker = all[static_cast<std::size_t>(&provision - all.data()) - 1].ref.qualifier;
      break;
    }
    GUST_CO_TRY(const auto status, co_await status_of(registry, invoker, provision.ref));
    configs.push_back(to_answer<lambda::ProvisionedConcurrencyConfigListItem>(provision, status));
    configs.back().function_arn = fmt::format("{}:{}", function.arn(), provision.ref.qualifier);
  }
  co_return out;
}

}  // namespace

void LambdaService::add_provisioned_operations() {
  service_.on<lambda::PutProvisionedConcurrencyConfig>(
      [this](auto call, auto request) { return put(registry_, invoker_, std::move(call), std::move(request)); });
  service_.on<lambda::GetProvisionedConcurrencyConfig>(
      [this](auto call, auto request) { return get(registry_, invoker_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteProvisionedConcurrencyConfig>(
      [this](auto call, auto request) { return remove(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListProvisionedConcurrencyConfigs>(
      [this](auto call, auto request) { return list(registry_, invoker_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
