// DynamoDbService: the API of DynamoDB over tables::Catalog and tables::ItemStore. Files: tables.cc, settings.cc,
// items.cc, pages.cc, batches.cc, transactions.cc, statements.cc, policies.cc, features.cc; what they share is in
// shared.h. Loop thread only.
#pragma once

#include "api/dynamodb/shared.h"
#include "env/clock.h"
#include "tables/capacity.h"
#include "tables/catalog.h"
#include "tables/collections.h"
#include "tables/item_store.h"
#include "tables/sweeper.h"

namespace gust::api {

class DynamoDbService {
 public:
  // All outlive this. `address` is where DescribeEndpoints sends clients: HOST:PORT.
  DynamoDbService(kv::Store& store, tables::Catalog& catalog, tables::ItemStore& items, tables::Sweeper& sweeper,
                  env::Clock& clock, std::string address);

  wire::Service& wire() { return service_; }
  // Hears of the units that each operation takes of a table with its indexes.
  void on_taken(tables::CapacityMeter::Taken taken) { meter_.on_taken(std::move(taken)); }

 private:
  template <typename T>
  using Reply = TableReply<T>;
  // Operations on items read their JSON and write it by themselves.
  using Document = std::shared_ptr<const wire::Document>;
  using Text = TableReply<std::string>;

  void add_tables();
  void add_settings();
  void add_items();
  void add_pages();
  void add_batches();
  void add_transactions();
  void add_statements();
  void add_policies();
  void add_features();
  template <typename Op, typename F>
  void on_item(F handler) {
    service_.on_document<Op>([this, handler](wire::Call call, Document document) {
      return settled(handler, std::move(call), std::move(document));
    });
  }
  // Runs it again while try_again() says so.
  using ItemHandler = std::function<Text(wire::Call, Document)>;
  Text settled(ItemHandler handler, wire::Call call, Document document);
  // After a wait that grows with the tries: a table has changed since it was read, or others wrote its rows on every
  // attempt. A client hears of neither, for the service tells of conflicts only with transactions.
  async::Task<bool> try_again(Error error, int tries);
  // The table that an operation on items names; kNotFound as these say it.
  async::Task<tables::Catalog::Known> table_of(const wire::Call& call, std::string_view name);

  // kTooLarge "collection": the write would let a full item collection grow.
  async::Task<void> room_for(tables::Write::Kind kind, tables::Catalog::Known table, tables::Item item);
  // Of the collection that the item is of.
  async::Task<std::uint64_t> collection_bytes(tables::Catalog::Known table, tables::Item item);

  Reply<dynamodb::CreateTableOutput> create_table(wire::Call call, dynamodb::CreateTableInput request);
  Reply<dynamodb::DescribeTableOutput> describe_table(wire::Call call, dynamodb::DescribeTableInput request);
  Reply<dynamodb::UpdateTableOutput> update_table(wire::Call call, dynamodb::UpdateTableInput request);
  Reply<dynamodb::DeleteTableOutput> delete_table(wire::Call call, dynamodb::DeleteTableInput request);
  Reply<dynamodb::ListTablesOutput> list_tables(wire::Call call, dynamodb::ListTablesInput request);

  Reply<dynamodb::Empty> tag(wire::Call call, dynamodb::TagResourceInput request);
  Reply<dynamodb::Empty> untag(wire::Call call, dynamodb::UntagResourceInput request);
  Reply<dynamodb::ListTagsOfResourceOutput> list_tags(wire::Call call, dynamodb::ListTagsOfResourceInput request);
  Reply<dynamodb::UpdateTimeToLiveOutput> update_ttl(wire::Call call, dynamodb::UpdateTimeToLiveInput request);
  Reply<dynamodb::DescribeTimeToLiveOutput> describe_ttl(wire::Call call, dynamodb::DescribeTimeToLiveInput request);
  Reply<dynamodb::DescribeLimitsOutput> describe_limits(wire::Call call, dynamodb::DescribeLimitsInput request);
  Reply<dynamodb::DescribeEndpointsResponse> describe_endpoints(wire::Call call,
                                                                dynamodb::DescribeEndpointsRequest request);

  Reply<dynamodb::PutResourcePolicyOutput> put_policy(wire::Call call, dynamodb::PutResourcePolicyInput request);
  Reply<dynamodb::GetResourcePolicyOutput> get_policy(wire::Call call, dynamodb::GetResourcePolicyInput request);
  Reply<dynamodb::DeleteResourcePolicyOutput> delete_policy(wire::Call call,
                                                            dynamodb::DeleteResourcePolicyInput request);

  Reply<dynamodb::DescribeContributorInsightsOutput> describe_insights(
      wire::Call call, dynamodb::DescribeContributorInsightsInput request);
  Reply<dynamodb::DescribeKinesisStreamingDestinationOutput> describe_kinesis(
      wire::Call call, dynamodb::DescribeKinesisStreamingDestinationInput request);
  Reply<dynamodb::KinesisStreamingDestinationOutput> change_kinesis(std::string_view action, wire::Call call,
                                                                    dynamodb::KinesisStreamingDestinationInput request);
  Reply<dynamodb::DescribeTableReplicaAutoScalingOutput> describe_replicas(
      wire::Call call, dynamodb::DescribeTableReplicaAutoScalingInput request);

  Text write_item(tables::Write::Kind kind, wire::Call call, Document document);
  Text get_item(wire::Call call, Document document);
  Text page(std::string_view operation, wire::Call call, Document document);  // "Query", "Scan"
  Text batch_get(wire::Call call, Document document);
  Text batch_write(wire::Call call, Document document);
  Text transact_get(wire::Call call, Document document);
  Text transact_write(wire::Call call, Document document);
  Text execute_statement(wire::Call call, Document document);
  Text batch_statements(wire::Call call, Document document);
  Text transact_statements(wire::Call call, Document document);
  Text select_all(wire::Call call, Document document);  // a transaction that reads

  tables::Catalog& catalog_;
  tables::ItemStore& items_;
  tables::Sweeper& sweeper_;
  env::Clock& clock_;
  tables::CapacityMeter meter_{clock_};
  tables::Collections collections_;
  std::string address_;
  wire::Service service_;
};

}  // namespace gust::api
