// What a table may have beside its items, as the service tells it of a table that has it not: global tables, insights
// and streams to Kinesis, which Gust has none of. To turn one on is refused.
#include "api/dynamodb/service.h"

namespace gust::api {
namespace {

std::unexpected<Error> not_served(std::string_view what) {
  return bad_request(fmt::format("{} is not served by Gust", what));
}

wire::Fault no_global_table(const std::string& name) {
  return wire::Fault(wire::WireError{"GlobalTableNotFoundException",
                                     fmt::format("Global table with name: '{}' does not exist.", name), 400, {}});
}

}  // namespace

TableReply<dynamodb::DescribeContributorInsightsOutput> DynamoDbService::describe_insights(
    wire::Call call, dynamodb::DescribeContributorInsightsInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  dynamodb::DescribeContributorInsightsOutput out;
  out.table_name = table->name.str();
  out.index_name = request.index_name;
  out.contributor_insights_status = "DISABLED";
  co_return out;
}

TableReply<dynamodb::DescribeKinesisStreamingDestinationOutput> DynamoDbService::describe_kinesis(
    wire::Call call, dynamodb::DescribeKinesisStreamingDestinationInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  dynamodb::DescribeKinesisStreamingDestinationOutput out;
  out.table_name = table->name.str();
  out.kinesis_data_stream_destinations.emplace();
  co_return out;
}

TableReply<dynamodb::KinesisStreamingDestinationOutput> DynamoDbService::change_kinesis(
    std::string_view action, wire::Call call, dynamodb::KinesisStreamingDestinationInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_CHECK(co_await catalog_.find(std::move(place)));
  if (action == "enable") co_return not_served("A stream of a table to Kinesis");
  co_return bad_request(
      "Table is not in a valid state to disable Kinesis Streaming Destination: KinesisStreamingDestination must be "
      "ACTIVE to perform DISABLE operation.");
}

TableReply<dynamodb::DescribeTableReplicaAutoScalingOutput> DynamoDbService::describe_replicas(
    wire::Call call, dynamodb::DescribeTableReplicaAutoScalingInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  GUST_CO_TRY(const auto table, co_await catalog_.find(std::move(place)));
  dynamodb::DescribeTableReplicaAutoScalingOutput out;
  auto& told = out.table_auto_scaling_description.emplace();
  told.table_name = table->name.str();
  told.table_status = "ACTIVE";
  told.replicas.emplace();
  co_return out;
}

void DynamoDbService::add_features() {
  using namespace dynamodb;
  service_.on<DescribeContributorInsights>(
      [this](auto call, auto request) { return describe_insights(std::move(call), std::move(request)); });
  service_.on<UpdateContributorInsights>([](auto, auto) -> Reply<UpdateContributorInsightsOutput> {
    co_return not_served("ContributorInsights");
  });
  service_.on<ListContributorInsights>([](auto, auto) -> Reply<ListContributorInsightsOutput> {
    ListContributorInsightsOutput out;
    out.contributor_insights_summaries.emplace();
    co_return out;
  });
  service_.on<DescribeKinesisStreamingDestination>(
      [this](auto call, auto request) { return describe_kinesis(std::move(call), std::move(request)); });
  service_.on<EnableKinesisStreamingDestination>(
      [this](auto call, auto request) { return change_kinesis("enable", std::move(call), std::move(request)); });
  service_.on<DisableKinesisStreamingDestination>(
      [this](auto call, auto request) { return change_kinesis("disable", std::move(call), std::move(request)); });
  service_.on<UpdateKinesisStreamingDestination>([](auto, auto) -> Reply<UpdateKinesisStreamingDestinationOutput> {
    co_return not_served("A stream of a table to Kinesis");
  });
  service_.on<ListGlobalTables>([](auto, auto) -> Reply<ListGlobalTablesOutput> {
    ListGlobalTablesOutput out;
    out.global_tables.emplace();
    co_return out;
  });
  service_.on<DescribeGlobalTable>([](auto, auto request) -> Reply<DescribeGlobalTableOutput> {
    co_return std::unexpected(no_global_table(request.global_table_name));
  });
  service_.on<DescribeGlobalTableSettings>([](auto, auto request) -> Reply<DescribeGlobalTableSettingsOutput> {
    co_return std::unexpected(no_global_table(request.global_table_name));
  });
  service_.on<UpdateGlobalTable>([](auto, auto request) -> Reply<UpdateGlobalTableOutput> {
    co_return std::unexpected(no_global_table(request.global_table_name));
  });
  service_.on<UpdateGlobalTableSettings>([](auto, auto request) -> Reply<UpdateGlobalTableSettingsOutput> {
    co_return std::unexpected(no_global_table(request.global_table_name));
  });
  service_.on<CreateGlobalTable>([](auto, auto) -> Reply<CreateGlobalTableOutput> {
    co_return not_served("A global table");
  });
  service_.on<DescribeTableReplicaAutoScaling>(
      [this](auto call, auto request) { return describe_replicas(std::move(call), std::move(request)); });
  service_.on<UpdateTableReplicaAutoScaling>([](auto, auto) -> Reply<UpdateTableReplicaAutoScalingOutput> {
    co_return not_served("A replica of a table");
  });
}

}  // namespace gust::api
