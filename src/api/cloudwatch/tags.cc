// The tags of alarms.
#include "api/cloudwatch/service.h"

#include <fmt/format.h>

namespace gust::api {
namespace {

// An alarm that is not there is a resource that is not.
wire::Reply<void> as_resource(Result<void> done) {
  if (!done && done.error().code == Code::kNotFound) done.error().source = "resource";
  if (!done) return std::unexpected(wire::Fault(std::move(done).error()));
  return {};
}

}  // namespace

CloudWatchReply<cloudwatch::TagResourceOutput> CloudWatchService::tag(wire::Call call,
                                                                      cloudwatch::TagResourceInput request) {
  GUST_CO_TRY(auto name, alarm_of_arn(call, request.resource_arn));
  gust::metrics::Dimensions added;
  for (const auto& tag : request.tags) {
    if (!added.emplace(tag.key, tag.value).second)
      co_return invalid_value(fmt::format("The tag {} is given twice.", tag.key));
  }
  const auto account = call.context.principal.account;
  std::vector<std::string> removed;
  auto done = co_await alarms_.change_tags(account, std::move(name), std::move(added), std::move(removed));
  GUST_CO_CHECK(as_resource(std::move(done)));
  co_return cloudwatch::TagResourceOutput{};
}

CloudWatchReply<cloudwatch::UntagResourceOutput> CloudWatchService::untag(wire::Call call,
                                                                          cloudwatch::UntagResourceInput request) {
  GUST_CO_TRY(auto name, alarm_of_arn(call, request.resource_arn));
  const auto account = call.context.principal.account;
  gust::metrics::Dimensions added;
  auto done = co_await alarms_.change_tags(account, std::move(name), std::move(added), std::move(request.tag_keys));
  GUST_CO_CHECK(as_resource(std::move(done)));
  co_return cloudwatch::UntagResourceOutput{};
}

CloudWatchReply<cloudwatch::ListTagsForResourceOutput> CloudWatchService::list_tags(
    wire::Call call, cloudwatch::ListTagsForResourceInput request) {
  GUST_CO_TRY(const auto name, alarm_of_arn(call, request.resource_arn));
  const auto account = call.context.principal.account;
  GUST_CO_TRY(const auto alarm, co_await alarms_.get(account, name));
  if (!alarm) co_return fail(Code::kNotFound, fmt::format("There is no alarm named {}", name), "resource");
  cloudwatch::ListTagsForResourceOutput out;
  auto& tags = out.tags.emplace();
  for (const auto& [key, value] : alarm->tags) {
    auto& one = tags.emplace_back();
    one.key = key;
    one.value = value;
  }
  co_return out;
}

}  // namespace gust::api
