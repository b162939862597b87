// DynamoDbService: the API of DynamoDB over tables::Catalog and tables::ItemStore. Files: tables.cc, settings.cc; what
// they share is in shared.h. Loop thread only.
#pragma once

#include "api/dynamodb/shared.h"
#include "tables/catalog.h"

namespace gust::api {

class DynamoDbService {
 public:
  // It outlives this. `address` is where DescribeEndpoints sends clients: HOST:PORT.
  DynamoDbService(tables::Catalog& catalog, std::string address);

  wire::Service& wire() { return service_; }

 private:
  template <typename T>
  using Reply = TableReply<T>;
  void add_tables();
  void add_settings();

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
  Reply<dynamodb::DescribeContinuousBackupsOutput> describe_backups(
      wire::Call call, dynamodb::DescribeContinuousBackupsInput request);

  tables::Catalog& catalog_;
  std::string address_;
  wire::Service service_;
};

}  // namespace gust::api
