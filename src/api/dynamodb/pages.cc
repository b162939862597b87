// Pages of items: Query and Scan.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/expressions.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/throttling.h"
#include "tables/keys.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

using tables::Attributes;
using tables::Consistency;

enum class Kind { kQuery, kScan };

// What the request says, before its table is known.
struct ParsedPage {
  Kind kind;
  std::string table;
  std::optional<tables::KeyConditionExpression> keys = {};
  std::optional<tables::ConditionExpression> filter = {};
  std::optional<tables::Projection> projection = {};
  std::string_view select = {};
  tables::PageQuery query = {};
};

Result<void> check_select(const ParsedPage& page, const Object& body) {
  const char* parts = member(body, "AttributesToGet") != nullptr ? "AttributesToGet" : "ProjectionExpression";
  if (page.select == "SPECIFIC_ATTRIBUTES" && !page.projection) {
    return bad_parameter(
        "Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  }
  if (!page.select.empty() && page.select != "SPECIFIC_ATTRIBUTES" && page.projection) {
    const auto wanted = page.select == "COUNT" ? "only the Count" : page.select;
    return bad_request(fmt::format("Cannot specify the {} when choosing to get {}", parts, wanted));
  }
  if (page.select == "ALL_PROJECTED_ATTRIBUTES" && page.query.index.empty())
    return bad_parameter("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
  return {};
}

Result<void> parse_segments(const Object& body, tables::PageQuery& query) {
  const auto segment = number_of(body, "Segment"), total = number_of(body, "TotalSegments");
  if (segment && !total) {
    return bad_request(
        "The TotalSegments parameter is required but was not present in the request when Segment parameter is present");
  }
  if (total && !segment) {
    return bad_request(
        "The Segment parameter is required but was not present in the request when parameter TotalSegments is present");
  }
  if (!segment) return {};
  if (*segment >= *total) {
    return bad_request(fmt::format("The Segment parameter is zero-based and must be less than parameter TotalSegments: "
                                   "Segment: {} is not less than TotalSegments: {}",
                                   *segment, *total));
  }
  query.segment = static_cast<std::uint32_t>(*segment);
  query.segments = static_cast<std::uint32_t>(*total);
  return {};
}

constexpr const char* kLegacy[] = {"AttributesToGet", "QueryFilter", "ScanFilter", "KeyConditions"};

// Of what is wrong with it the service says of some that it is in this key.
Result<tables::Item> start_key(const boost::json::value& from) {
  auto key = item_from(from);
  if (key || key.error().source != "request") return key;
  const auto& message = key.error().message;
  if (message.contains("Input collection") || message.contains("An number set")) return key;
  return bad_request("The provided starting key is invalid: " + message);
}

// Where the page begins, and of which segment it is.
Result<void> parse_place(const Object& body, tables::PageQuery& query) {
  if (const auto* start = member(body, "ExclusiveStartKey")) {
    GUST_TRY(query.start, start_key(*start));
  }
  return parse_segments(body, query);
}

Result<ParsedPage> parse_page(Kind kind, const Object& body) {
  ParsedPage out{kind, std::string(text_of(body, "TableName"))};
  auto& query = out.query;
  query.index = text_of(body, "IndexName");
  GUST_CHECK(Expressions::check_styles(body, kind == Kind::kQuery ? Expressions::Of::kQuery : Expressions::Of::kScan));
  // Before expressions, but after the older parameters.
  const bool early = std::ranges::none_of(kLegacy, [&](const char* name) { return member(body, name) != nullptr; });
  if (early) GUST_CHECK(parse_place(body, query));
  GUST_TRY(auto expressions, Expressions::of(body));
  GUST_TRY(out.projection, expressions.projection());
  GUST_TRY(out.filter, expressions.filter(kind == Kind::kQuery ? "QueryFilter" : "ScanFilter"));
  if (kind == Kind::kQuery) {
    GUST_TRY(out.keys, expressions.key_condition());
    if (!out.keys) {
      return bad_request(
          "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.");
    }
  }
  GUST_CHECK(expressions.finish());
  out.select = text_of(body, "Select");
  GUST_CHECK(check_select(out, body));
  if (!early) GUST_CHECK(parse_place(body, query));
  if (const auto limit = number_of(body, "Limit")) query.limit = static_cast<std::size_t>(*limit);
  query.backward = !flag_of(body, "ScanIndexForward").value_or(true);
  if (flag_of(body, "ConsistentRead").value_or(false)) query.consistency = Consistency::kStrong;
  return out;
}

// What the index has not of the attributes that are asked for.
std::vector<std::string> unprojected(const tables::Table& table, const tables::Index& index,
                                     const std::set<std::string>& attributes) {
  if (index.projected == tables::Projected::kAll) return {};
  std::set<std::string> projected(index.included.begin(), index.included.end());
  for (const auto* key : {&table.key, &index.key}) {
    projected.insert(key->hash.name);
    if (key->range) projected.insert(key->range->name);
  }
  std::vector<std::string> out;
  std::ranges::set_difference(attributes, projected, std::back_inserter(out));
  return out;
}

Result<Attributes> attributes_of(const ParsedPage& page, const tables::Table& table, const tables::Index& index) {
  const bool global = index.scope == tables::Scope::kGlobal;
  if (page.select == "ALL_ATTRIBUTES" && index.projected != tables::Projected::kAll) {
    if (!global) return Attributes::kAll;
    return bad_parameter(
        fmt::format("Select type ALL_ATTRIBUTES is not supported for global secondary index {} because its projection "
                    "type is not ALL",
                    index.name));
  }
  if (!page.projection) return Attributes::kProjected;
  const auto missing = unprojected(table, index, page.projection->attributes());
  if (missing.empty()) return Attributes::kProjected;
  if (!global) return Attributes::kAll;
  return bad_parameter(
      fmt::format("Global secondary index {} does not project [{}]", index.name, fmt::join(missing, ", ")));
}

Result<void> check_filter(const ParsedPage& page, const tables::KeySchema& key) {
  if (page.kind != Kind::kQuery || !page.filter) return {};
  const auto attributes = page.filter->attributes();
  for (const auto* one : {&key.hash, key.range ? &*key.range : nullptr}) {
    if (one == nullptr || !attributes.contains(one->name)) continue;
    return bad_request("Filter Expression can only contain non-primary key attributes: Primary key attribute: " +
                       one->name);
  }
  return {};
}

// The query of the item store; `page` is all but its table.
Result<tables::PageQuery> query_of(ParsedPage& page, const tables::Table& table) {
  auto out = page.query;
  out.table = table;
  if (!page.projection) out.form = tables::PageQuery::Form::kStored;
  const auto* index = out.index.empty() ? nullptr : tables::find_index(table, out.index);
  if (!out.index.empty() && index == nullptr)
    return bad_request("The table does not have the specified index: " + out.index);
  const auto& key = index == nullptr ? table.key : index->key;
  if (index != nullptr) {
    if (index->scope == tables::Scope::kGlobal && out.consistency == Consistency::kStrong)
      return bad_request("Consistent reads are not supported on global secondary indexes");
    GUST_TRY(out.attributes, attributes_of(page, table, *index));
  }
  GUST_CHECK(check_filter(page, key));
  if (page.keys) {
    GUST_TRY(auto wanted, page.keys->of(key));
    out.hash = std::move(wanted.hash);
    out.range = std::move(wanted.range);
  }
  if (page.filter)
    out.filter = [filter = *page.filter](const tables::Item& item) { return filter.evaluate(item); };
  return out;
}

std::string answer_of(const ParsedPage& parsed, const Object& body, const tables::Table& table, tables::Page page) {
  Answer answer;
  if (parsed.select != "COUNT") {
    if (parsed.projection) {
      for (auto& item : page.items) item = parsed.projection->apply(item);
      answer.items("Items", page.items);
    } else {
      answer.items("Items", page.stored);
    }
  }
  answer.number("Count", page.items.size() + page.stored.size());
  answer.number("ScannedCount", page.scanned);
  if (page.last) answer.item("LastEvaluatedKey", *page.last);
  Capacity capacity(body);
  capacity.add(table, page.usage);
  capacity.write_one(answer);
  return answer.take();
}

Result<ParsedPage> parse(const Object& body, std::string_view operation) {
  return parse_page(operation == "Query" ? Kind::kQuery : Kind::kScan, body);
}

}  // namespace

DynamoDbService::Text DynamoDbService::page(std::string_view operation, wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(auto parsed, parse(body, operation));
  GUST_CO_TRY(const auto table, co_await table_of(call, parsed.table));
  GUST_CO_TRY(auto query, query_of(parsed, *table));
  if (const auto exceeded = meter_.check(*table, tables::Units::kRead, query.index))
    co_return std::unexpected(throttled(*table, *exceeded));
  GUST_CO_TRY(auto page, co_await items_.page(std::move(query)));
  meter_.take(*table, tables::Units::kRead, page.usage);
  co_return answer_of(parsed, body, *table, std::move(page));
}

void DynamoDbService::add_pages() {
  on_item<dynamodb::Query>([this](auto call, auto document) { return page("Query", call, document); });
  on_item<dynamodb::Scan>([this](auto call, auto document) { return page("Scan", call, document); });
}

}  // namespace gust::api
