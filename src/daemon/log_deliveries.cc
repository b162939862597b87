#include "daemon/log_deliveries.h"

#include "codec/digest.h"

#include <fmt/format.h>

namespace gust::daemon {

async::Task<void> LogDeliveries::check(logs::GroupKey group, std::string destination_arn, std::string region) {
  const auto arn = Arn::parse(destination_arn);
  if (!arn || arn->service != "lambda") {
    co_return fail(Code::kInvalid,
                   fmt::format("The destination {} is not served: Gust sends logs to functions", destination_arn),
                   "request");
  }
  constexpr std::string_view kRefused =
      "Could not execute the lambda function. Make sure you have given CloudWatch Logs permission to execute your "
      "function.";
  const auto ref = functions::parse_function_name(destination_arn, "", group.account);
  if (!ref) co_return fail(Code::kInvalid, std::string(kRefused), "request");
  const auto there = co_await registry_.resolve(*ref);
  if (!there) co_return fail(Code::kInvalid, std::string(kRefused), "request");
  if (group.name == (*there)->log_group()) {
    co_return fail(Code::kInvalid, "A function cannot subscribe to its own log group: it would run for ever",
                   "request");
  }
  const auto source = fmt::format("arn:aws:logs:{}:{}:log-group:{}:*", region, group.account, group.name);
  // Of either principal: the one of a region is how permissions were once given.
  for (const auto& principal : {std::string("logs.amazonaws.com"), fmt::format("logs.{}.amazonaws.com", region)}) {
    GUST_CO_TRY(const bool allowed, co_await registry_.allows(*ref, principal, source, group.account.str()));
    if (allowed) co_return Result<void>{};
  }
  co_return fail(Code::kInvalid, std::string(kRefused), "request");
}

async::Task<void> LogDeliveries::deliver(logs::GroupKey group, std::string destination_arn, std::string payload,
                                         std::string id) {
  GUST_CO_TRY(auto ref, functions::parse_function_name(destination_arn, "", group.account));
  GUST_CO_CHECK(co_await registry_.get(ref.key));
  // As UUIDs are written, since it becomes the invocation's request id.
  const auto hex = codec::sha256_hex(id);
  auto request_id = fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                                hex.substr(16, 4), hex.substr(20, 12));
  functions::AsyncEvent event{std::move(request_id), std::move(ref), std::move(payload), ""};
  co_return co_await invoker_.submit(std::move(event));
}

}  // namespace gust::daemon
