// AddPermission, RemovePermission, GetPolicy.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace gust::api {
namespace {

namespace json = boost::json;
using functions::PolicyStatement;
using functions::Registry;

bool is_account(std::string_view text) {
  return text.size() == 12 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

json::value principal_of(const PolicyStatement& statement) {
  const auto& who = statement.principal;
  if (who == "*") return json::string("*");
  if (who.ends_with(".amazonaws.com")) return json::object{{"Service", who}};
  return json::object{{"AWS", is_account(who) ? fmt::format("arn:aws:iam::{}:root", who) : who}};
}

std::string arn_of(const functions::Function& function, const std::string& qualifier) {
  return qualifier.empty() ? function.arn() : function.arn() + ":" + qualifier;
}

json::object to_json(const PolicyStatement& statement, const std::string& arn) {
  json::object out{{"Sid", statement.sid},
                   {"Effect", "Allow"},
                   {"Principal", principal_of(statement)},
                   {"Action", statement.action},
                   {"Resource", arn}};
  json::object condition;
  json::object equals;
  if (!statement.source_account.empty()) equals["AWS:SourceAccount"] = statement.source_account;
  if (!statement.url_auth_type.empty()) equals["lambda:FunctionUrlAuthType"] = statement.url_auth_type;
  if (!equals.empty()) condition["StringEquals"] = std::move(equals);
  if (statement.via_url) condition["Bool"] = json::object{{"lambda:InvokedViaFunctionUrl", "true"}};
  if (!statement.source_arn.empty()) condition["ArnLike"] = json::object{{"AWS:SourceArn", statement.source_arn}};
  if (!condition.empty()) out["Condition"] = std::move(condition);
  return out;
}

LambdaReply<lambda::AddPermissionResponse> add_permission(Registry& registry, wire::Call call,
                                                          lambda::AddPermissionRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  if (request.qualifier == "$LATEST")
    co_return invalid_parameter("We currently do not support adding policies for $LATEST.");
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  const auto& who = request.principal;
  const bool known = who == "*" || who.ends_with(".amazonaws.com") || is_account(who) || who.starts_with("arn:");
  if (!known)
    co_return invalid_parameter(
        fmt::format("The provided principal was invalid. Please check the principal and try again: '{}'", who));
  // A condition that was left out would let more callers in than were meant.
  if (request.principal_org_id) co_return lambda_not_served("PrincipalOrgID");
  if (request.event_source_token) co_return lambda_not_served("EventSourceToken");
  if (request.function_url_auth_type && request.action != "lambda:InvokeFunctionUrl")
    co_return invalid_parameter("FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action");
  if (request.invoked_via_function_url && request.action != "lambda:InvokeFunction")
    co_return invalid_parameter("InvokedViaFunctionUrl is only supported for lambda:InvokeFunction action");
  const PolicyStatement statement{request.statement_id,
                                  request.action,
                                  who,
                                  request.source_arn.value_or(""),
                                  request.source_account.value_or(""),
                                  request.function_url_auth_type.value_or(""),
                                  request.invoked_via_function_url.value_or(false)};
  GUST_CO_CHECK(co_await registry.add_statement(ref, statement, request.revision_id.value_or("")));
  lambda::AddPermissionResponse out;
  out.statement = codec::to_json(to_json(statement, arn_of(function, ref.qualifier)));
  co_return out;
}

LambdaReply<lambda::Empty> remove_permission(Registry& registry, wire::Call call,
                                             lambda::RemovePermissionRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(
      co_await registry.remove_statement(std::move(ref), request.statement_id, request.revision_id.value_or("")));
  co_return lambda::Empty{};
}

LambdaReply<lambda::GetPolicyResponse> get_policy(Registry& registry, wire::Call call,
                                                  lambda::GetPolicyRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_TRY(const auto function, co_await registry.get_version(ref));
  GUST_CO_TRY(const auto statements, co_await registry.policy(ref));
  if (statements.empty())
    co_return wire::fault("ResourceNotFoundException", "The resource you requested does not exist.", {{"Type", "User"}},
                          404);
  json::array list;
  for (const auto& statement : statements) list.push_back(to_json(statement, arn_of(function, ref.qualifier)));
  lambda::GetPolicyResponse out;
  out.policy =
      codec::to_json(json::object{{"Version", "2012-10-17"}, {"Id", "default"}, {"Statement", std::move(list)}});
  out.revision_id = function.revision_id;
  co_return out;
}

}  // namespace

void LambdaService::add_policy_operations() {
  service_.on<lambda::AddPermission>(
      [this](auto call, auto request) { return add_permission(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::RemovePermission>(
      [this](auto call, auto request) { return remove_permission(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::GetPolicy>(
      [this](auto call, auto request) { return get_policy(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
