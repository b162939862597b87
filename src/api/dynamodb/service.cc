#include "api/dynamodb/service.h"

#include "api/dynamodb/body.h"
#include "codec/json.h"
#include "wire/validate.h"

#include <algorithm>
#include <iterator>
#include <set>

namespace gust::api {
namespace {

constexpr std::size_t kMaxBody = 16 << 20;

// Ten seconds and more in all, of waits that double up to kLongestWait.
constexpr int kMostTries = 100;
constexpr Millis kLongestWait{128};

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
      if (error.source == "collection") return {"ItemCollectionSizeLimitExceededException", error.message, 400, {}};
      if (error.source == "body") return {"RequestEntityTooLargeException", error.message, 413, {}};
      return {error.source == "limit" ? "LimitExceededException" : "ValidationException", error.message, 400, {}};
    case Code::kPrecondition:
      if (error.source == "condition")
        return {"ConditionalCheckFailedException", "The conditional request failed", 400, {}};
      return {"ValidationException", error.message, 400, {}};
    case Code::kConflict:
      if (error.source == "index" || error.source == "creating")
        return {"ResourceInUseException", error.message, 400, {}};
      return {"InternalServerError", "Others changed the same rows on every attempt: try again.", 500, {}};
    case Code::kThrottled: return {"ThrottlingException", error.message, 400, {}};
    case Code::kDenied: return {"AccessDeniedException", error.message, 400, {}};
    case Code::kNoSpace: return {"InternalServerError", "The disk is full: make room, then try again.", 500, {}};
    default: return {"InternalServerError", "the request failed inside; its id is in the log", 500, {}};
  }
}

// Operations on a whole table say in words of their own what its name must be, before anything else.
Result<void> check_table_name(const wire::Operation& operation, const http::Headers&, const http::Headers*,
                              const std::string& text) {
  static const std::set<std::string_view> kOperations = {"CreateTable",      "DescribeTable",      "UpdateTable",
                                                         "DeleteTable",      "UpdateTimeToLive",   "DescribeTimeToLive",
                                                         "DescribeContinuousBackups"};
  if (!kOperations.contains(operation.name)) return {};
  const auto body = codec::parse_json(text);
  if (!body || !body->is_object()) return {};
  const auto* name = member(body->get_object(), "TableName");
  if (name == nullptr) return bad_request("The parameter 'TableName' is required but was not present in the request");
  if (!name->is_string()) return {};
  const std::string_view given = name->get_string();
  const bool arn = given.starts_with("arn:") && operation.name != "CreateTable";
  if (arn || (given.size() >= 3 && given.size() <= 255)) return {};
  return bad_request("TableName must be at least 3 characters long and at most 255 characters long");
}

// The service's own model has any table class, and what may be given is said in other words.
wire::WireError map_violations(const std::vector<wire::Violation>& violations) {
  std::vector<wire::Violation> others;
  std::ranges::copy_if(violations, std::back_inserter(others),
                       [](const auto& violation) { return violation.path != "tableClass"; });
  std::string message =
      "Invalid table-class parameter provided. Please try again with a valid table-class value: [STANDARD, "
      "STANDARD_INFREQUENT_ACCESS].";
  if (!others.empty()) message = wire::validation_message(others);
  return {"ValidationException", std::move(message), 400, {}};
}

wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.compressed = wire::ServiceSettings::Compressed::kGunzipped;
  out.max_body_bytes = kMaxBody;
  out.map_error = map_error;
  out.map_violations = map_violations;
  out.check_body = check_table_name;
  out.unknown = {"UnknownOperationException", "", 400, {}};
  return out;
}

}  // namespace

DynamoDbService::DynamoDbService(kv::Store& store, tables::Catalog& catalog, tables::ItemStore& items,
                                 tables::Sweeper& sweeper, env::Clock& clock, std::string address)
    : catalog_(catalog),
      items_(items),
      sweeper_(sweeper),
      clock_(clock),
      collections_(store, clock),
      address_(std::move(address)),
      service_(dynamodb::model(), settings()) {
  add_tables();
  add_settings();
  add_items();
  add_pages();
  add_batches();
  add_transactions();
  add_statements();
  add_policies();
  add_features();
}

DynamoDbService::Text DynamoDbService::settled(ItemHandler handler, wire::Call call, Document document) {
  for (int tries = 0;; ++tries) {
    auto answer = co_await handler(call, document);
    if (answer || !answer.error().domain) co_return answer;
    const auto again = co_await try_again(*answer.error().domain, tries);
    if (!again || !*again) co_return answer;
  }
}

async::Task<bool> DynamoDbService::try_again(Error error, int tries) {
  const bool changed = error.source == "table";
  if (error.code != Code::kConflict || !(changed || error.source == "conflict") || tries == kMostTries) co_return false;
  // Whoever changed it may not have been told yet that it is done.
  if (changed) catalog_.forget();
  if (tries > 0) {
    const auto wait = std::min(kLongestWait, Millis(1 << std::min(tries - 1, 10)));
    GUST_CO_CHECK(co_await async::sleep_for(wait));
  }
  co_return true;
}

async::Task<void> DynamoDbService::room_for(tables::Write::Kind kind, tables::Catalog::Known table,
                                            tables::Item item) {
  using Kind = tables::Write::Kind;
  const bool grows = kind == Kind::kPut || kind == Kind::kUpdate;
  if (!grows || !tables::Collections::has_collections(*table)) co_return Result<void>();
  const auto counted = sweeper_.bytes(table->id);
  co_return co_await collections_.check(*table, std::move(item), counted);
}

async::Task<std::uint64_t> DynamoDbService::collection_bytes(tables::Catalog::Known table, tables::Item item) {
  if (!tables::Collections::has_collections(*table)) co_return 0;
  const auto counted = sweeper_.bytes(table->id);
  co_return co_await collections_.size(*table, std::move(item), counted);
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
