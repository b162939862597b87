// TagResource, UntagResource, ListTags: of functions.
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
  GUST_CO_CHECK(co_await registry.change_tags(std::move(key), std::move(change)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::Empty> untag(Registry& registry, wire::Call call, lambda::UntagResourceRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.resource));
  auto change = [names = request.tag_keys](Function& changed) -> Result<void> {
    for (const auto& name : names) changed.tags.erase(name);
    return {};
  };
  GUST_CO_CHECK(co_await registry.change_tags(std::move(key), std::move(change)));
  co_return lambda::Empty{};
}

LambdaReply<lambda::ListTagsResponse> list_tags(Registry& registry, wire::Call call, lambda::ListTagsRequest request) {
  GUST_CO_TRY(auto key, own_function(call, request.resource));
  GUST_CO_TRY(const auto function, co_await registry.get(std::move(key)));
  lambda::ListTagsResponse out;
  out.tags = function.tags;
  co_return out;
}

}  // namespace

void LambdaService::add_tag_operations() {
  service_.on<lambda::TagResource>(
      [this](auto call, auto request) { return tag(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::UntagResource>(
      [this](auto call, auto request) { return untag(registry_, std::move(call), std::move(request)); });
  service_.on<lambda::ListTags>(
      [this](auto call, auto request) { return list_tags(registry_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
