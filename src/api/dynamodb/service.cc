#include "api/dynamodb/service.h"

namespace gust::api {
namespace {

constexpr std::size_t kMaxBody = 32 << 20;  // 100 items of 400 KB do not fit the 16 MB of a batch; JSON needs more room

wire::WireError map_error(const Error& error) {
  switch (error.code) {
    case Code::kInvalid:
    case Code::kUnsupported: return {"ValidationException", error.message, 400, {}};
    case Code::kNotFound: return {"ResourceNotFoundException", error.message, 400, {}};
    case Code::kAlreadyExists: return {"ResourceInUseException", error.message, 400, {}};
    case Code::kTooLarge:
      return {error.source == "limit" ? "LimitExceededException" : "ValidationException", error.message, 400, {}};
    case Code::kPrecondition:
      if (error.source == "condition")
        return {"ConditionalCheckFailedException", "The conditional request failed", 400, {}};
      return {"ValidationException", error.message, 400, {}};
    case Code::kConflict:
      if (error.source == "index") return {"ResourceInUseException", error.message, 400, {}};
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

DynamoDbService::DynamoDbService(tables::Catalog& catalog, std::string address)
    : catalog_(catalog), address_(std::move(address)), service_(dynamodb::model(), settings()) {
  add_tables();
  add_settings();
}

}  // namespace gust::api
