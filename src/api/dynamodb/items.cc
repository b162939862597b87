// One item: put, get, delete, update.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/expressions.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/writes.h"
#include "tables/keys.h"

#include <algorithm>

namespace gust::api {
namespace {

using Kind = tables::Write::Kind;
using tables::Consistency;
using tables::Item;

Result<void> check_return_values(Kind kind, std::string_view asked) {
  if (kind == Kind::kUpdate || asked == "NONE" || asked == "ALL_OLD") return {};
  return bad_request("Return values set to invalid value: ReturnValues can only be ALL_OLD or NONE");
}

// Nothing: there is none of it.
std::optional<Item> returned(std::string_view asked, const ParsedWrite& parsed, const tables::Written& written) {
  if (asked == "ALL_OLD") return written.before;
  if (asked == "ALL_NEW") return written.after;
  const auto& whole = asked == "UPDATED_OLD" ? written.before : written.after;
  if (asked == "NONE" || !parsed.update || !whole) return std::nullopt;
  auto changed = parsed.update->changed(*whole);
  return changed.empty() ? std::nullopt : std::optional(std::move(changed));
}

}  // namespace

DynamoDbService::Text DynamoDbService::write_item(Kind kind, wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  const auto asked = text_of(body, "ReturnValues", "NONE");
  GUST_CO_CHECK(check_return_values(kind, asked));
  GUST_CO_TRY(const auto parsed, parse_write(kind, body));
  GUST_CO_TRY(const auto table, co_await table_of(call, parsed.table));
  GUST_CO_TRY(auto write, write_of(parsed, *table));
  const auto found = std::make_shared<std::optional<Item>>();
  auto written = co_await items_.write(std::move(write), found);
  if (!written && written.error().source == "condition") {
    wire::WireError failed{"ConditionalCheckFailedException", "The conditional request failed", 400, {}};
    if (*found && parsed.on_failure == ParsedWrite::OnFailure::kItem) failed.members["Item"] = document_of(**found);
    co_return std::unexpected(wire::Fault(std::move(failed)));
  }
  if (!written) co_return std::unexpected(written.error());
  Answer answer;
  if (const auto attributes = returned(asked, parsed, *written)) answer.item("Attributes", *attributes);
  Capacity capacity(body);
  capacity.add(*table, written->usage);
  capacity.write_one(answer);
  CollectionMetrics metrics(body);
  metrics.add(*table, parsed.item);
  metrics.write_one(answer);
  co_return answer.take();
}

DynamoDbService::Text DynamoDbService::get_item(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(auto expressions, Expressions::of(body));
  GUST_CO_TRY(const auto projection, expressions.projection());
  GUST_CO_CHECK(expressions.finish());
  GUST_CO_TRY(auto key, item_from(body.at("Key")));
  GUST_CO_TRY(const auto table, co_await table_of(call, text_of(body, "TableName")));
  GUST_CO_TRY(const auto item, co_await items_.get_stored(*table, std::move(key)));
  Answer answer;
  if (item && projection) answer.item("Item", projection->apply(item->decode()));
  if (item && !projection) answer.item("Item", *item);
  const auto consistency =
      flag_of(body, "ConsistentRead").value_or(false) ? Consistency::kStrong : Consistency::kEventual;
  Capacity capacity(body);
  capacity.add(*table, {.table = tables::read_units(item ? item->size() : 0, consistency)});
  capacity.write_one(answer);
  co_return answer.take();
}

void DynamoDbService::add_items() {
  on_item<dynamodb::PutItem>([this](auto call, auto document) { return write_item(Kind::kPut, call, document); });
  on_item<dynamodb::DeleteItem>([this](auto call, auto document) { return write_item(Kind::kDelete, call, document); });
  on_item<dynamodb::UpdateItem>([this](auto call, auto document) { return write_item(Kind::kUpdate, call, document); });
  on_item<dynamodb::GetItem>([this](auto call, auto document) { return get_item(call, document); });
}

}  // namespace gust::api
