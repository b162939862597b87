#include "daemon/alarm_functions.h"

#include <fmt/format.h>

namespace gust::daemon {
namespace {

// Who invokes, as a function's policy names it.
constexpr std::string_view kPrincipal = "lambda.alarms.cloudwatch.amazonaws.com";

}  // namespace

Result<void> AlarmFunctions::check(const AccountId& account, const std::string& text) {
  const auto arn = Arn::parse(text);
  const auto refused = [&](std::string_view why) {
    return fail(Code::kInvalid, fmt::format("Invalid alarm action {}: {}", text, why), "action");
  };
  if (!arn) return refused("it is no ARN; Gust's alarms tell functions, by their ARNs");
  if (arn->service == "sns") return refused("topics (SNS) are not served; name a function's ARN instead");
  if (arn->service != "lambda")
    return refused(fmt::format("actions of '{}' are not served; name a function's ARN instead", arn->service));
  const auto ref = functions::parse_function_name(text, "", account);
  if (!ref) return refused("it is no function's ARN");
  if (ref->key.account != account) return refused("it is a function of another account");
  return {};
}

async::Task<void> AlarmFunctions::allowed(AccountId account, std::string arn, std::string alarm_arn) {
  GUST_CO_TRY(const auto ref, functions::parse_function_name(arn, "", account));
  GUST_CO_TRY(const auto found, co_await registry_.resolve(ref));
  GUST_CO_TRY(const bool may, co_await registry_.allows(ref, std::string(kPrincipal), alarm_arn, account.str()));
  if (may) co_return Result<void>{};
  co_return fail(Code::kDenied,
                 fmt::format("{} may not invoke {}: give it permission with aws lambda add-permission --principal {}",
                             alarm_arn, arn, kPrincipal),
                 "action");
}

Result<void> AlarmFunctions::enqueue(kv::Transaction& tx, const AccountId& account, const std::string& arn,
                                     const std::string& payload) {
  GUST_TRY(auto ref, functions::parse_function_name(arn, "", account));
  return invoker_.enqueue(tx, {random_.uuid(), std::move(ref), payload, ""});
}

}  // namespace gust::daemon
