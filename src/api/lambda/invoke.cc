// Invoke: at once, as an event, or only checked.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/base64.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

constexpr std::size_t kMaxEventBytes = 1 << 20;

LambdaReply<lambda::InvocationResponse> invoke(functions::Registry& registry, functions::Invoker& invoker,
                                               functions::AsyncInvoker& async_invoker, wire::Call call,
                                               lambda::InvocationRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await registry.resolve(ref));
  if (request.tenant_id) co_return lambda_not_served("TenantId");
  if (request.durable_execution_name) co_return lambda_not_served("DurableExecutionName");
  GUST_CO_TRY(auto context, client_context(std::move(request.client_context)));
  GUST_CO_TRY(auto payload, json_payload(std::move(request.payload)));
  const auto type = request.invocation_type.value_or("RequestResponse");
  lambda::InvocationResponse out;
  if (type == "DryRun") {
    out.status_code = 204;
    co_return out;
  }
  if (type == "Event") {
    if (payload.size() > kMaxEventBytes) {
      co_return wire::fault("RequestTooLargeException",
                            fmt::format("{} byte payload is too large for the Event invocation type (limit {} bytes)",
                                        payload.size(), kMaxEventBytes),
                            {{"Type", "User"}}, 413);
    }
    functions::AsyncEvent event{call.context.request_id.str(), std::move(ref), std::move(payload),
                                call.context.trace.xray()};
    GUST_CO_CHECK(co_await async_invoker.submit(std::move(event)));
    out.status_code = 202;
    co_return out;
  }
  functions::Invocation invocation;
  invocation.payload = std::move(payload);
  invocation.client_context = std::move(context);
  if (request.log_type == "Tail") invocation.log_tail = functions::LogTail::kTail;
  GUST_CO_TRY(auto result, co_await invoker.invoke(call.context, std::move(ref), std::move(invocation)));
  out.status_code = 200;
  out.executed_version = result.executed_version;
  if (!result.function_error.empty()) out.function_error = result.function_error;
  if (request.log_type == "Tail") out.log_result = codec::to_base64(result.log_tail);
  out.payload = std::move(result.payload);
  co_return out;
}

}  // namespace

void LambdaService::add_invoke_operation() {
  service_.on<lambda::Invoke>([this](auto call, auto request) {
    return invoke(registry_, invoker_, async_invoker_, std::move(call), std::move(request));
  });
}

}  // namespace gust::api
