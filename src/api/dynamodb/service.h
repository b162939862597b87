// DynamoDbService: the API of DynamoDB over tables::Catalog and tables::ItemStore. Files: tables.cc, settings.cc,
// items.cc, pages.cc, batches.cc, transactions.cc, statements.cc; what they share is in shared.h. Loop thread only.
#pragma once

#include "api/dynamodb/shared.h"
#include "tables/catalog.h"
#include "tables/item_store.h"
#include "tables/sweeper.h"

namespace gust::api {

class DynamoDbService {
 public:
  // All outlive this. `address` is where DescribeEndpoints sends clients: HOST:PORT.
  DynamoDbService(tables::Catalog& catalog, tables::ItemStore& items, tables::Sweeper& sweeper,
                  std::string address);

  wire::Service& wire() { return service_; }

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
  template <typename Op, typename F>
  void on_item(F handler) {
    service_.on_document<Op>([this, handler](wire::Call call, Document document) {
      return settled(handler, std::move(call), std::move(document));
    });
  }
  // Runs it again while a table has changed since it was read.
  using ItemHandler = std::function<Text(wire::Call, Document)>;
  Text settled(ItemHandler handler, wire::Call call, Document document);
  // The table that an operation on items names; kNotFound as these say it.
  async::Task<tables::Catalog::Known> table_of(const wire::Call& call, std::string_view name);

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
  std::string address_;
  wire::Service service_;
};

}  // namespace gust::api
