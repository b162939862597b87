// Tags, time to live, and what is told of limits and endpoints.
#include "api/dynamodb/declaration.h"
#include "api/dynamodb/service.h"

namespace gust::api {
namespace {

constexpr std::int64_t kAccountUnits = 80'000, kTableUnits = 40'000;  // the service's own defaults

Result<void> change_ttl(tables::Table& table, const dynamodb::TimeToLiveSpecification& wanted) {
  const auto& now = table.ttl_attribute;
  if (wanted.enabled && now == wanted.attribute_name) return bad_request("TimeToLive is already enabled");
  if (!wanted.enabled && now.empty()) return bad_request("TimeToLive is already disabled");
  if (!now.empty() && now != wanted.attribute_name)
    return bad_request("TimeToLive is active on a different AttributeName: current AttributeName is " + now);
  table.ttl_attribute = wanted.enabled ? wanted.attribute_name : "";
  return {};
}

}  // namespace

TableReply<dynamodb::Empty> DynamoDbService::tag(wire::Call call, dynamodb::TagResourceInput request) {
  GUST_CO_TRY(auto place, place_of_resource(call, request.resource_arn));
  if (request.tags.empty()) co_return bad_request("Atleast one Tag needs to be provided as Input.");
  tables::Catalog::Change change = [tags = std::move(request.tags)](tables::Table& table) {
    return add_tags(table.tags, tags);
  };
  GUST_CO_CHECK(co_await catalog_.update(std::move(place), std::move(change)));
  co_return dynamodb::Empty{};
}

TableReply<dynamodb::Empty> DynamoDbService::untag(wire::Call call, dynamodb::UntagResourceInput request) {
  GUST_CO_TRY(auto place, place_of_resource(call, request.resource_arn));
  if (request.tag_keys.empty()) co_return bad_request("Atleast one Tag Key needs to be provided as Input.");
  tables::Catalog::Change change = [keys = std::move(request.tag_keys)](tables::Table& table) -> Result<void> {
    for (const auto& key : keys) table.tags.erase(key);
    return {};
  };
  GUST_CO_CHECK(co_await catalog_.update(std::move(place), std::move(change)));
  co_return dynamodb::Empty{};
}

TableReply<dynamodb::ListTagsOfResourceOutput> DynamoDbService::list_tags(wire::Call call,
                                                                          dynamodb::ListTagsOfResourceInput request) {
  GUST_CO_TRY(auto place, place_of_resource(call, request.resource_arn));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  dynamodb::ListTagsOfResourceOutput out;
  out.tags.emplace();
  for (const auto& [key, value] : table->tags) out.tags->push_back({key, value});
  co_return out;
}

TableReply<dynamodb::UpdateTimeToLiveOutput> DynamoDbService::update_ttl(wire::Call call,
                                                                         dynamodb::UpdateTimeToLiveInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  const auto wanted = request.time_to_live_specification;
  tables::Catalog::Change change = [wanted](tables::Table& table) { return change_ttl(table, wanted); };
  GUST_CO_CHECK(co_await catalog_.update(std::move(place), std::move(change)));
  dynamodb::UpdateTimeToLiveOutput out;
  out.time_to_live_specification = wanted;
  co_return out;
}

TableReply<dynamodb::DescribeTimeToLiveOutput> DynamoDbService::describe_ttl(
    wire::Call call, dynamodb::DescribeTimeToLiveInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  dynamodb::DescribeTimeToLiveOutput out;
  auto& said = out.time_to_live_description.emplace();
  said.time_to_live_status = table->ttl_attribute.empty() ? "DISABLED" : "ENABLED";
  if (!table->ttl_attribute.empty()) said.attribute_name = table->ttl_attribute;
  co_return out;
}

TableReply<dynamodb::DescribeLimitsOutput> DynamoDbService::describe_limits(wire::Call, dynamodb::DescribeLimitsInput) {
  dynamodb::DescribeLimitsOutput out;
  out.account_max_read_capacity_units = kAccountUnits;
  out.account_max_write_capacity_units = kAccountUnits;
  out.table_max_read_capacity_units = kTableUnits;
  out.table_max_write_capacity_units = kTableUnits;
  co_return out;
}

TableReply<dynamodb::DescribeEndpointsResponse> DynamoDbService::describe_endpoints(
    wire::Call, dynamodb::DescribeEndpointsRequest) {
  dynamodb::DescribeEndpointsResponse out;
  out.endpoints.push_back({address_, 1440});
  co_return out;
}

void DynamoDbService::add_settings() {
  service_.on<dynamodb::TagResource>(
      [this](auto call, auto request) { return tag(std::move(call), std::move(request)); });
  service_.on<dynamodb::UntagResource>(
      [this](auto call, auto request) { return untag(std::move(call), std::move(request)); });
  service_.on<dynamodb::ListTagsOfResource>(
      [this](auto call, auto request) { return list_tags(std::move(call), std::move(request)); });
  service_.on<dynamodb::UpdateTimeToLive>(
      [this](auto call, auto request) { return update_ttl(std::move(call), std::move(request)); });
  service_.on<dynamodb::DescribeTimeToLive>(
      [this](auto call, auto request) { return describe_ttl(std::move(call), std::move(request)); });
  service_.on<dynamodb::DescribeLimits>(
      [this](auto call, auto request) { return describe_limits(std::move(call), std::move(request)); });
  service_.on<dynamodb::DescribeEndpoints>(
      [this](auto call, auto request) { return describe_endpoints(std::move(call), std::move(request)); });
}

}  // namespace gust::api
