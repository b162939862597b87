#include "api/dynamodbstreams/service.h"

namespace gust::api {
namespace {

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      if (error.source == "serialization") return {"SerializationException", error.message, 400, {}};
      return {"ValidationException", error.message, 400, {}};
    case Code::kNotFound: return {"ResourceNotFoundException", error.message, 400, {}};
    case Code::kTooLarge: return {"RequestEntityTooLargeException", error.message, 413, {}};
    case Code::kThrottled: return {"ThrottlingException", error.message, 400, {}};
    case Code::kDenied: return {"AccessDeniedException", error.message, 400, {}};
    default: return {"InternalServerError", "the request failed inside; its id is in the log", 500, {}};
  }
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 1 << 20;
  out.map_error = map_error;
  out.unknown = {"UnknownOperationException", "", 400, {}};
  return out;
}

}  // namespace

DynamoDbStreamsService::DynamoDbStreamsService(tables::StreamCatalog& streams, tables::ItemStore& items,
                                               env::Clock& clock)
    : streams_(streams), items_(items), clock_(clock), service_(dynamodbstreams::model(), settings()) {
  service_.on<dynamodbstreams::ListStreams>(
      [this](auto call, auto request) { return list(std::move(call), std::move(request)); });
  service_.on<dynamodbstreams::DescribeStream>(
      [this](auto call, auto request) { return describe(std::move(call), std::move(request)); });
  service_.on<dynamodbstreams::GetShardIterator>(
      [this](auto call, auto request) { return iterator(std::move(call), std::move(request)); });
  service_.on_document<dynamodbstreams::GetRecords>(
      [this](auto call, auto document) { return records(std::move(call), std::move(document)); });
}

}  // namespace gust::api
