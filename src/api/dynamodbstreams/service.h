// DynamoDbStreamsService: the API of DynamoDB Streams over tables::StreamCatalog and tables::ItemStore. A stream is one
// shard, as long as it lives. Files: streams.cc, records.cc. Loop thread only.
#pragma once

#include "api/dynamodb/shared.h"
#include "api/dynamodbstreams.gen.h"
#include "env/clock.h"
#include "tables/item_store.h"
#include "tables/streams/stream_catalog.h"

#include <string>
#include <string_view>

namespace gust::api {

class DynamoDbStreamsService {
 public:
  // All outlive this.
  DynamoDbStreamsService(tables::StreamCatalog& streams, tables::ItemStore& items, env::Clock& clock);

  wire::Service& wire() { return service_; }

 private:
  template <typename T>
  using Reply = TableReply<T>;

  Reply<dynamodbstreams::ListStreamsOutput> list(wire::Call call, dynamodbstreams::ListStreamsInput request);
  Reply<dynamodbstreams::DescribeStreamOutput> describe(wire::Call call, dynamodbstreams::DescribeStreamInput request);
  Reply<dynamodbstreams::GetShardIteratorOutput> iterator(wire::Call call,
                                                          dynamodbstreams::GetShardIteratorInput request);
  Reply<std::string> records(wire::Call call, std::shared_ptr<const wire::Document> document);

  async::Task<tables::Stream> find(const wire::Call& call, std::string_view arn);
  // Whether what comes at this number in a stream may be gone already.
  bool is_trimmed(std::uint64_t sequence) const;

  tables::StreamCatalog& streams_;
  tables::ItemStore& items_;
  env::Clock& clock_;
  wire::Service service_;
};

// Which stream an ARN means.
struct StreamPlace {
  tables::Place table;
  std::string label;
};
// kInvalid when it is none of a stream, kDenied of another account, kNotFound of another region.
Result<StreamPlace> stream_place(const wire::Call& call, std::string_view arn);
std::string stream_arn(const tables::Table& table);
std::string shard_id(const tables::Stream& stream);
std::string_view name_of(tables::StreamView view);

// Writes that began before a stream ended may still add records for so long.
inline constexpr Millis kStreamSettles{5000};

}  // namespace gust::api
