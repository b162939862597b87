// What the operations of Application Auto Scaling share: which resource is meant, and pages of lists. Any thread.
#pragma once

#include "api/application-autoscaling.gen.h"
#include "codec/hex.h"
#include "scaling/registry.h"
#include "wire/service.h"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace gust::api {

namespace autoscaling = application_autoscaling;

template <typename T>
using ScalingReply = boost::asio::awaitable<wire::Reply<T>>;

// kInvalid unless it is the provisioned concurrency of a function's version or alias: function:NAME:QUALIFIER.
Result<scaling::Resource> resource_of(const wire::Call& call, const std::string& service_namespace,
                                      const std::string& resource_id, const std::string& dimension);
template <typename Request>
Result<scaling::Resource> resource_of(const wire::Call& call, const Request& request) {
  return resource_of(call, request.service_namespace, request.resource_id, request.scalable_dimension);
}

// A number of instances, at least 0. kInvalid names the member.
Result<std::optional<std::uint32_t>> capacity_of(const std::optional<std::int32_t>& number, std::string_view member);

// "1 to 256 characters" and no more of them than names may have. kInvalid names the member.
Result<void> check_name(std::string_view name, std::string_view member, std::string_view forbidden);

// What a Describe operation asks for; the resources and names are the caller's to add.
Result<scaling::Registry::Query> start_query(const wire::Call& call, const std::string& service_namespace,
                                             const std::optional<std::string>& dimension, std::size_t resources,
                                             const std::optional<std::int32_t>& max_results, std::int32_t most,
                                             const std::optional<std::string>& token);

template <typename Request>
Result<scaling::Registry::Query> query_of(const wire::Call& call, const Request& request, std::int32_t most) {
  GUST_TRY(auto query, start_query(call, request.service_namespace, request.scalable_dimension,
                                   request.resource_id ? 1 : 0, request.max_results, most, request.next_token));
  if (request.resource_id) query.resources = {*request.resource_id};
  return query;
}

inline std::optional<std::string> token_of(const std::string& key) {
  return key.empty() ? std::nullopt : std::optional(codec::to_hex(key));
}

// Of a scheduled action or a policy, by kind: scheduledAction and scheduledActionName, or scalingPolicy and policyName.
inline std::string scaling_arn(const wire::Call& call, std::string_view kind, std::string_view name_kind,
                          const scaling::Resource& resource, const std::string& id, const std::string& name) {
  return fmt::format("arn:aws:autoscaling:{}:{}:{}:{}:resource/{}/{}:{}/{}", call.context.region, resource.account,
                     kind, id, scaling::kNamespace, resource.id, name_kind, name);
}

}  // namespace gust::api
