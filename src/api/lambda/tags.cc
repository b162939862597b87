// Tags of functions, and whether they may trigger themselves for ever: what does not touch how they run.
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
  service_.on<lambda::TagResource>(
      [this](auto call, auto request) { return tag(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UntagResource>(
      [this](auto call, auto request) { return untag(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::PutFunctionRecursionConfig>(
      [this](auto call, auto request) { return put_recursion(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::GetFunctionRecursionConfig>(
      [this](auto call, auto request) { return get_recursion(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListTags>(
      [this](auto call, auto request) { return list_tags(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
