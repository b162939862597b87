#include "api/dynamodb/service.h"

namespace gust::api {
namespace {

constexpr std::size_t kMaxBody = 16 << 20;

constexpr int kReadAgain = 5;

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
      if (error.source == "serialization") return {"SerializationException", error.message, 400, {}};
      if (error.source == "token") return {"IdempotentParameterMismatchException", error.message, 400, {}};
      return {"ValidationException", error.message, 400, {}};
    case Code::kUnsupported: return {"ValidationException", error.message, 400, {}};
    case Code::kNotFound: return {"ResourceNotFoundException", error.message, 400, {}};
    case Code::kAlreadyExists: return {"ResourceInUseException", error.message, 400, {}};
    case Code::kTooLarge:
      if (error.source == "body") return {"RequestEntityTooLargeException", error.message, 413, {}};
      return {error.source == "limit" ? "LimitExceededException" : "ValidationException", error.message, 400, {}};
    case Code::kPrecondition:
      if (error.source == "condition")
        return {"ConditionalCheckFailedException", "The conditional request failed", 400, {}};
      return {"ValidationException", error.message, 400, {}};
    case Code::kConflict:
      if (error.source == "index" || error.source == "creating")
        return {"ResourceInUseException", error.message, 400, {}};
      return {"TransactionConflictException", "Transaction is ongoing for the item", 400, {}};
    case Code::kThrottled: return {"ThrottlingException", error.message, 400, {}};
    case Code::kDenied: return {"AccessDeniedException", error.message, 400, {}};
    case Code::kNoSpace: return {"InternalServerError", "The disk is full: make room, then try again.", 500, {}};
    default: return {"InternalServerError", "the request failed inside; its id is in the log", 500, {}};
  }
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = kMaxBody;
  out.map_error = map_error;
  out.unknown = {"UnknownOperationException", "", 400, {}};
  return out;
}

}  // namespace

DynamoDbService::DynamoDbService(tables::Catalog& catalog, tables::ItemStore& items, tables::Sweeper& sweeper,
                                 std::string address)
    : catalog_(catalog),
      items_(items),
      sweeper_(sweeper),
      address_(std::move(address)),
      service_(dynamodb::model(), settings()) {
  add_tables();
  add_settings();
  add_items();
  add_pages();
  add_batches();
  add_transactions();
  add_statements();
}

DynamoDbService::Text DynamoDbService::settled(ItemHandler handler, wire::Call call, Document document) {
  for (int left = kReadAgain;; --left) {
    auto answer = co_await handler(call, document);
    const auto* error = answer ? nullptr : answer.error().domain ? &*answer.error().domain : nullptr;
    if (error == nullptr || error->code != Code::kConflict || error->source != "table" || left == 0) co_return answer;
  }
}

async::Task<tables::Catalog::Known> DynamoDbService::table_of(const wire::Call& call, std::string_view name) {
  GUST_CO_TRY(auto place, place_of(call, name));
  auto table = co_await catalog_.find(std::move(place));
  if (!table && table.error().source == "table")
    co_return fail(Code::kNotFound, "Requested resource not found", "table");
  if (table && (*table)->status == tables::Status::kCreating)
    co_return fail(Code::kNotFound, "Requested resource not found", "table");
  co_return table;
}

}  // namespace gust::api
