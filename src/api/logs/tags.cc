// Tags of log groups, by ARN and by name.
#include "api/logs/service.h"

namespace gust::api {
namespace {

namespace store = gust::logs;

constexpr std::size_t kMaxTags = 50;

auto adding(std::map<std::string, std::string> tags) {
  return [tags = std::move(tags)](store::Group& group) -> Result<void> {
    for (const auto& [name, value] : tags) group.tags[name] = value;
    if (group.tags.size() > kMaxTags)
      return fail(Code::kTooLarge, "The resource may have 50 tags; remove some first", "tags");
    return {};
  };
}

auto removing(std::vector<std::string> names) {
  return [names = std::move(names)](store::Group& group) -> Result<void> {
    for (const auto& name : names) group.tags.erase(name);
    return {};
  };
}

}  // namespace

LogsReply<logs::Empty> LogsService::tag(wire::Call call, logs::TagResourceRequest request) {
  GUST_CO_TRY(auto key, group_key(call, std::nullopt, request.resource_arn));
  auto change = adding(std::move(request.tags));
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::untag(wire::Call call, logs::UntagResourceRequest request) {
  GUST_CO_TRY(auto key, group_key(call, std::nullopt, request.resource_arn));
  auto change = removing(std::move(request.tag_keys));
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

LogsReply<logs::ListTagsForResourceResponse> LogsService::list_tags(wire::Call call,
                                                                    logs::ListTagsForResourceRequest request) {
  GUST_CO_TRY(const auto key, group_key(call, std::nullopt, request.resource_arn));
  const auto* const group = groups_.find(key);
  if (group == nullptr) co_return fail(Code::kNotFound, "The specified resource does not exist.", "group");
  logs::ListTagsForResourceResponse out;
  out.tags = group->tags;
  co_return out;
}

LogsReply<logs::Empty> LogsService::tag_group(wire::Call call, logs::TagLogGroupRequest request) {
  auto key = group_key(call, request.log_group_name);
  auto change = adding(std::move(request.tags));
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

LogsReply<logs::Empty> LogsService::untag_group(wire::Call call, logs::UntagLogGroupRequest request) {
  auto key = group_key(call, request.log_group_name);
  auto change = removing(std::move(request.tags));
  GUST_CO_CHECK(co_await groups_.update(std::move(key), std::move(change)));
  co_return logs::Empty{};
}

LogsReply<logs::ListTagsLogGroupResponse> LogsService::list_group_tags(wire::Call call,
                                                                       logs::ListTagsLogGroupRequest request) {
  const auto* const group = groups_.find(group_key(call, request.log_group_name));
  if (group == nullptr) co_return fail(Code::kNotFound, "The specified log group does not exist.", "group");
  logs::ListTagsLogGroupResponse out;
  out.tags = group->tags;
  co_return out;
}

void LogsService::add_tags() {
  service_.on<logs::TagResource>([this](auto call, auto r) { return tag(std::move(call), std::move(r)); });
  service_.on<logs::UntagResource>([this](auto call, auto r) { return untag(std::move(call), std::move(r)); });
  service_.on<logs::ListTagsForResource>(
      [this](auto call, auto r) { return list_tags(std::move(call), std::move(r)); });
  service_.on<logs::TagLogGroup>([this](auto call, auto r) { return tag_group(std::move(call), std::move(r)); });
  service_.on<logs::UntagLogGroup>([this](auto call, auto r) { return untag_group(std::move(call), std::move(r)); });
  service_.on<logs::ListTagsLogGroup>(
      [this](auto call, auto r) { return list_group_tags(std::move(call), std::move(r)); });
}

}  // namespace gust::api
