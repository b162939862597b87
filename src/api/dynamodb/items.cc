// One item: put, get, delete, update.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/expressions.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/throttling.h"
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
  return bad_request("ReturnValues can only be ALL_OLD or NONE");
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
  const auto known = co_await table_of(call, parsed.table);
  if (!known) co_return std::unexpected(too_large_first(parsed, known.error()));
  const auto& table = *known;
  GUST_CO_TRY(auto write, write_of(parsed, *table));
  if (const auto exceeded = meter_.check(*table, tables::Units::kWrite))
    co_return std::unexpected(throttled(*table, *exceeded));
  write.exhausted = meter_.exhausted(*table);
  GUST_CO_CHECK(co_await room_for(kind, table, parsed.item));
  const auto found = std::make_shared<std::optional<Item>>();
  auto written = co_await items_.write(std::move(write), found);
  if (!written && written.error().source == "condition") {
    meter_.take(*table, tables::Units::kWrite, {.table = tables::write_units(*found ? tables::size_of(**found) : 0)});
    wire::WireError failed{"ConditionalCheckFailedException", "The conditional request failed", 400, {}};
    if (*found && parsed.on_failure == ParsedWrite::OnFailure::kItem) failed.members["Item"] = document_of(**found);
    co_return std::unexpected(wire::Fault(std::move(failed)));
  }
  if (!written) {
    if (const auto exceeded = exceeded_index(written.error(), *table))
      co_return std::unexpected(throttled(*table, *exceeded));
    co_return std::unexpected(written.error());
  }
  meter_.take(*table, tables::Units::kWrite, written->usage);
  Answer answer;
  if (const auto attributes = returned(asked, parsed, *written)) answer.item("Attributes", *attributes);
  Capacity capacity(body);
  capacity.add(*table, written->usage);
  capacity.write_one(answer);
  CollectionMetrics metrics(body);
  if (metrics.asked()) {
    GUST_CO_TRY(const auto bytes, co_await collection_bytes(table, parsed.item));
    metrics.add(*table, parsed.item, bytes);
  }
  metrics.write_one(answer);
  co_return answer.take();
}

DynamoDbService::Text DynamoDbService::get_item(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_CHECK(Expressions::check_styles(body, Expressions::Of::kRead));
  GUST_CO_TRY(auto key, item_from(body.at("Key")));
  GUST_CO_TRY(auto expressions, Expressions::of(body));
  GUST_CO_TRY(const auto projection, expressions.projection());
  GUST_CO_CHECK(expressions.finish());
  GUST_CO_TRY(const auto table, co_await table_of(call, text_of(body, "TableName")));
  if (const auto exceeded = meter_.check(*table, tables::Units::kRead))
    co_return std::unexpected(throttled(*table, *exceeded));
  GUST_CO_TRY(const auto item, co_await items_.get_stored(*table, std::move(key)));
  Answer answer;
  if (item && projection) answer.item("Item", projection->apply(item->decode()));
  if (item && !projection) answer.item("Item", *item);
  const auto consistency =
      flag_of(body, "ConsistentRead").value_or(false) ? Consistency::kStrong : Consistency::kEventual;
  const tables::Usage usage{.table = tables::read_units(item ? item->size() : 0, consistency)};
  meter_.take(*table, tables::Units::kRead, usage);
  Capacity capacity(body);
  capacity.add(*table, usage);
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
