// Tags of functions and of event source mappings, and whether functions may trigger themselves for ever: what does not
// touch how they run.
#include "api/lambda/service.h"
#include "api/lambda/settings.h"
#include "api/lambda/shared.h"

namespace gust::api {
namespace {

using functions::Function;
using functions::Registry;

LambdaReply<lambda::Empty> tag(Registry& registry, wire::Call call, lambda::TagResourceRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.resource));
  GUST_CO_TRY(const auto function, co_await registry.get(key));
  auto after = function.tags;
  for (const auto& [name, value] : request.tags) after.insert_or_assign(name, value);
  GUST_CO_CHECK(check_tags(after));
  auto change = [tags = request.tags](Function& changed) -> Result<void> {
    for (const auto& [name, value] : tags) changed.tags.insert_or_assign(name, value);
    return {};
  };
  GUST_CO_CHECK(co_await registry.annotate(std::move(key), std::move(change)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::Empty> untag(Registry& registry, wire::Call call, lambda::UntagResourceRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.resource));
  auto change = [names = request.tag_keys](Function& changed) -> Result<void> {
    for (const auto& name : names) changed.tags.erase(name);
    return {};
  };
  GUST_CO_CHECK(co_await registry.annotate(std::move(key), std::move(change)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListTagsResponse> list_tags(Registry& registry, wire::Call call, lambda::ListTagsRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.resource));
  GUST_CO_TRY(const auto function, co_await registry.get(std::move(key)));
  lambda::ListTagsResponse out;
  out.tags = function.tags;
  co_return out;
}

using event_sources::Mapping;
using event_sources::Mappings;

// The mapping that an ARN names; nothing when it names another kind of resource.
std::optional<std::string> mapping_id(std::string_view arn) {
  constexpr std::string_view kKind = ":event-source-mapping:";
  const auto kind = arn.find(kKind);
  if (kind == std::string_view::npos) return std::nullopt;
  return std::string(arn.substr(kind + kKind.size()));
}

LambdaReply<lambda::Empty> tag_mapping(Mappings& mappings, wire::Call call, std::string id,
                                       std::map<std::string, std::string> tags) {
  const auto& account = call.context.principal.account;
  GUST_CO_TRY(const auto mapping, co_await mappings.find(account, id));
  auto after = mapping.tags;
  for (const auto& [name, value] : tags) after.insert_or_assign(name, value);
  GUST_CO_CHECK(check_tags(after));
  Mappings::Change change = [tags](Mapping& changed) -> Result<void> {
    for (const auto& [name, value] : tags) changed.tags.insert_or_assign(name, value);
    return {};
  };
  GUST_CO_CHECK(co_await mappings.annotate(account, id, std::move(change)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::Empty> untag_mapping(Mappings& mappings, wire::Call call, std::string id,
                                         std::vector<std::string> names) {
  Mappings::Change change = [names](Mapping& changed) -> Result<void> {
    for (const auto& name : names) changed.tags.erase(name);
    return {};
  };
  GUST_CO_CHECK(co_await mappings.annotate(call.context.principal.account, id, std::move(change)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListTagsResponse> list_mapping_tags(Mappings& mappings, wire::Call call, std::string id) {
  GUST_CO_TRY(const auto mapping, co_await mappings.find(call.context.principal.account, id));
  lambda::ListTagsResponse out;
  out.tags = mapping.tags;
  co_return out;
}

LambdaReply<lambda::PutFunctionRecursionConfigResponse> put_recursion(
    Registry& registry, wire::Call call, lambda::PutFunctionRecursionConfigRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  auto change = [allow = request.recursive_loop == "Allow"](Function& changed) -> Result<void> {
    changed.loops = allow ? Function::Loops::kAllow : Function::Loops::kTerminate;
    return {};
  };
  GUST_CO_CHECK(co_await registry.annotate(std::move(key), std::move(change)));
  lambda::PutFunctionRecursionConfigResponse out;
  out.recursive_loop = request.recursive_loop;
  co_return out;
}

LambdaReply<lambda::GetFunctionRecursionConfigResponse> get_recursion(
    Registry& registry, wire::Call call, lambda::GetFunctionRecursionConfigRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.function_name));
  GUST_CO_TRY(const bool allowed, co_await registry.allows_loops(std::move(key)));
  lambda::GetFunctionRecursionConfigResponse out;
  out.recursive_loop = allowed ? "Allow" : "Terminate";
  co_return out;
}

}  // namespace

void LambdaService::add_tag_operations() {
  service_.on<lambda::TagResource>([this](auto call, auto request) {
    if (auto id = mapping_id(request.resource))
      return tag_mapping(mappings_, std::move(call), *std::move(id), std::move(request.tags));
    return tag(registry_, std::move(call), std::move(request));
  });
  service_.on<lambda::UntagResource>([this](auto call, auto request) {
    if (auto id = mapping_id(request.resource))
      return untag_mapping(mappings_, std::move(call), *std::move(id), std::move(request.tag_keys));
    return untag(registry_, std::move(call), std::move(request));
  });
  service_.on<lambda::PutFunctionRecursionConfig>(
      [this](auto call, auto request) { return put_recursion(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::GetFunctionRecursionConfig>(
      [this](auto call, auto request) { return get_recursion(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListTags>([this](auto call, auto request) {
    if (auto id = mapping_id(request.resource))
      return list_mapping_tags(mappings_, std::move(call), *std::move(id));
    return list_tags(registry_, std::move(call), std::move(request));
  });
}

}  // namespace gust::api
