// PublishVersion, ListVersionsByFunction, and the aliases.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/base64.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>

namespace gust::api {
namespace {

using functions::Alias;
using functions::Registry;

constexpr std::size_t kPage = 50;

LambdaReply<lambda::FunctionConfiguration> publish(Registry& registry, wire::Call call,
                                                   lambda::PublishVersionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  if (request.publish_to) co_return lambda_not_served("PublishTo");
  const Registry::Publication publication{request.code_sha256.value_or(""), request.description,
                                          request.revision_id.value_or("")};
  GUST_CO_TRY(const auto version, co_await registry.publish(std::move(key), publication));
  co_return to_configuration(version, version.version);
}

LambdaReply<lambda::ListVersionsByFunctionResponse> list_versions(Registry& registry, wire::Call call,
                                                                  lambda::ListVersionsByFunctionRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  const auto limit = static_cast<std::size_t>(std::clamp<int>(request.max_items.value_or(kPage), 1, 10'000));
  const auto marker = request.marker.value_or("");
  if (!marker.empty() && !functions::is_version_number(marker)) co_return invalid_parameter("Invalid marker");
  const auto from = marker.empty() ? 0 : std::stoull(marker);
  GUST_CO_TRY(const auto found, co_await registry.versions(std::move(key), from, std::min(limit, kPage) + 1));
  lambda::ListVersionsByFunctionResponse out;
  out.versions.emplace();
  for (const auto& version : found) {
    if (out.versions->size() == std::min(limit, kPage)) {
      out.next_marker = version.version;
      break;
    }
    out.versions->push_back(to_configuration(version, version.version));
  }
  co_return out;
}

wire::Reply<void> check_weights(const std::string& version, const std::map<std::string, double>& weights) {
  if (weights.empty()) return {};
  if (weights.size() > 1)
    return invalid_parameter("The number of items in AdditionalVersionWeights cannot be greater than 1");
  const auto& [other, weight] = *weights.begin();
  if (version == functions::kLatest || other == functions::kLatest)
    return invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version");
  if (other == version) {
    return invalid_parameter(
        fmt::format("Invalid function version {}. Function version {} is already included in routing configuration.",
                    other, other));
  }
  if (!(weight >= 0 && weight <= 1))
    return invalid_parameter(fmt::format("The weight of version {} is {}; 0 to 1 is what it may be", other, weight));
  return {};
}

std::map<std::string, double> weights_of(const std::optional<lambda::AliasRoutingConfiguration>& routing) {
  return routing ? routing->additional_version_weights.value_or(std::map<std::string, double>())
                 : std::map<std::string, double>();
}

lambda::AliasConfiguration to_answer(const std::string& function_arn, const Alias& alias) {
  lambda::AliasConfiguration out;
  out.alias_arn = function_arn + ":" + alias.name;
  out.name = alias.name;
  out.function_version = alias.version;
  out.description = alias.description;
  out.revision_id = alias.revision_id;
  if (!alias.weights.empty()) {
    out.routing_config.emplace();
    out.routing_config->additional_version_weights = alias.weights;
  }
  return out;
}

// The model's pattern looks ahead, which the general check cannot.
wire::Reply<void> check_alias_name(const std::string& name) {
  static const RE2 kName("[a-zA-Z0-9-_]+");
  if (RE2::FullMatch(name, kName) && name.find_first_not_of("0123456789") != std::string::npos) return {};
  return wire::fault(
      "ValidationException",
      fmt::format("1 validation error detected: Value '{}' at 'name' failed to satisfy constraint: Member must satisfy "
                  "regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
                  name),
      {}, 400);
}

LambdaReply<lambda::AliasConfiguration> create_alias(Registry& registry, wire::Call call,
                                                     lambda::CreateAliasRequest request) {
  GUST_CO_CHECK(check_alias_name(request.name));
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  const Alias alias{request.name, request.function_version, request.description.value_or(""),
                    weights_of(request.routing_config), ""};
  GUST_CO_CHECK(check_weights(alias.version, alias.weights));
  GUST_CO_TRY(const auto made, co_await registry.create_alias(std::move(key), alias));
  co_return to_answer(function.arn(), made);
}

LambdaReply<lambda::AliasConfiguration> get_alias(Registry& registry, wire::Call call,
                                                  lambda::GetAliasRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(const auto alias, co_await registry.alias(std::move(key), request.name));
  co_return to_answer(function.arn(), alias);
}

LambdaReply<lambda::AliasConfiguration> update_alias(Registry& registry, wire::Call call,
                                                     lambda::UpdateAliasRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  GUST_CO_TRY(const auto before, co_await registry.alias(key, request.name));
  const auto version = request.function_version.value_or(before.version);
  const auto weights = request.routing_config ? weights_of(request.routing_config) : before.weights;
  GUST_CO_CHECK(check_weights(version, weights));
  auto change = [version, weights, description = request.description](Alias& alias) {
    alias.version = version;
    alias.weights = weights;
    if (description) alias.description = *description;
  };
  GUST_CO_TRY(const auto updated, co_await registry.update_alias(std::move(key), request.name, std::move(change),
                                                                 request.revision_id.value_or("")));
  co_return to_answer(function.arn(), updated);
}

LambdaReply<lambda::Empty> delete_alias(Registry& registry, wire::Call call, lambda::DeleteAliasRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_CHECK(co_await registry.remove_alias(std::move(key), request.name));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListAliasesResponse> list_aliases(Registry& registry, wire::Call call,
                                                      lambda::ListAliasesRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  const auto limit = static_cast<std::size_t>(std::clamp<int>(request.max_items.value_or(kPage), 1, kPage));
  const auto after = codec::from_base64(request.marker.value_or(""));
  if (!after) co_return invalid_parameter("Invalid marker");
  lambda::ListAliasesResponse out;
  out.aliases.emplace();
  GUST_CO_TRY(const auto found, co_await registry.aliases(std::move(key), *after, 10'000));
  std::string last;
  for (const auto& alias : found) {
    const auto& wanted = request.function_version;
    if (wanted && alias.version != *wanted && !alias.weights.contains(*wanted)) continue;
    if (out.aliases->size() == limit) {
      out.next_marker = codec::to_base64(last);
      break;
    }
    out.aliases->push_back(to_answer(function.arn(), alias));
    last = alias.name;
  }
  co_return out;
}

}  // namespace

void LambdaService::add_version_operations() {
  service_.on<lambda::PublishVersion>(
      [this](auto call, auto request) { return publish(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListVersionsByFunction>(
      [this](auto call, auto request) { return list_versions(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::CreateAlias>(
      [this](auto call, auto request) { return create_alias(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::GetAlias>(
      [this](auto call, auto request) { return get_alias(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UpdateAlias>(
      [this](auto call, auto request) { return update_alias(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::DeleteAlias>(
      [this](auto call, auto request) { return delete_alias(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListAliases>(
      [this](auto call, auto request) { return list_aliases(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
