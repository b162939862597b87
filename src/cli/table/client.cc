#include "cli/table/client.h"

#include "codec/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr int kTries = 12;
constexpr std::chrono::milliseconds kFirstPause{50}, kLongestPause{5'000};

std::string text_of(const json::value& object, std::string_view name) {
  const auto* found = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return found != nullptr && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::vector<TableKey> keys_of(const json::object& described, const json::object& table) {
  std::vector<TableKey> out;
  const auto* schema = described.if_contains("KeySchema");
  const auto* types = table.if_contains("AttributeDefinitions");
  if (schema == nullptr || types == nullptr) return out;
  for (const auto& one : schema->get_array()) {
    TableKey key{text_of(one, "AttributeName"), {}};
    for (const auto& type : types->get_array()) {
      if (text_of(type, "AttributeName") == key.name) key.type = text_of(type, "AttributeType");
    }
    const bool hash = text_of(one, "KeyType") == "HASH";
    out.insert(hash ? out.begin() : out.end(), std::move(key));
  }
  return out;
}

json::object puts(const std::string& table, const std::vector<json::object>& items) {
  json::array requests;
  for (const auto& item : items) requests.push_back({{"PutRequest", {{"Item", item}}}});
  return {{table, std::move(requests)}};
}

// The table has used up its units: it goes on when it has some again.
bool is_throttled(const Answer& answer) {
  if (answer.ok()) return false;
  const auto code = error_code(answer);
  return code.ends_with("ProvisionedThroughputExceededException") || code.ends_with("ThrottlingException");
}

}  // namespace

std::vector<std::string> TableInfo::key_names() const {
  std::vector<std::string> out;
  for (const auto& one : key) out.push_back(one.name);
  return out;
}

Result<std::vector<TableKey>> TableInfo::key_of(const std::string& index) const {
  if (index.empty()) return key;
  std::string there;
  for (const auto* kind : {"GlobalSecondaryIndexes", "LocalSecondaryIndexes"}) {
    const auto* all = description.if_contains(kind);
    if (all == nullptr || !all->is_array()) continue;
    for (const auto& one : all->get_array()) {
      if (text_of(one, "IndexName") == index) return keys_of(one.get_object(), description);
      there += (there.empty() ? "" : ", ") + text_of(one, "IndexName");
    }
  }
  return fail(Code::kNotFound, fmt::format("the table '{}' has no index '{}'; it has {}", name, index,
                                           there.empty() ? "none" : there));
}

Result<json::object> TableClient::call(std::string_view operation, const json::object& body, const std::string& table,
                                       std::string_view what) {
  Call request{.method = "POST", .service = "dynamodb", .body = codec::to_json(body)};
  request.headers.emplace_back("Content-Type", "application/x-amz-json-1.0");
  request.headers.emplace_back("X-Amz-Target", fmt::format("DynamoDB_20120810.{}", operation));
  GUST_TRY(auto answer, remote_.send(request));
  auto pause = kFirstPause;
  for (int tries = kTries; tries > 1 && is_throttled(answer); --tries) {
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
    GUST_TRY(answer, remote_.send(request));
  }
  if (!answer.ok() && error_code(answer).ends_with("ResourceNotFoundException"))
    return fail(Code::kNotFound, fmt::format("there is no table '{}'; see gust table ls", table), "table");
  GUST_CHECK(expect_ok(answer, what));
  GUST_TRY(auto parsed, codec::parse_json(answer.body, 256));
  if (!parsed.is_object()) return fail(Code::kInternal, fmt::format("{}: the answer is no JSON object", what));
  return std::move(parsed.get_object());
}

Result<std::vector<std::string>> TableClient::names() {
  std::vector<std::string> out;
  json::object body;
  for (;;) {
    GUST_TRY(const auto answer, call("ListTables", body, "", "list the tables"));
    if (const auto* names = answer.if_contains("TableNames")) {
      for (const auto& name : names->get_array()) out.emplace_back(name.get_string());
    }
    const auto* last = answer.if_contains("LastEvaluatedTableName");
    if (last == nullptr) return out;
    body["ExclusiveStartTableName"] = *last;
  }
}

Result<TableInfo> TableClient::describe(const std::string& table) {
  GUST_TRY(auto answer, call("DescribeTable", {{"TableName", table}}, table, "look at the table"));
  TableInfo out{table, {}, std::move(answer["Table"].as_object())};
  out.key = keys_of(out.description, out.description);
  return out;
}

Result<json::object> TableClient::get(const std::string& table, const json::object& key) {
  const json::object body{{"TableName", table}, {"Key", key}, {"ConsistentRead", true}};
  GUST_TRY(auto answer, call("GetItem", body, table, "get the item"));
  auto* item = answer.if_contains("Item");
  return item == nullptr ? json::object() : std::move(item->get_object());
}

Result<void> TableClient::put(const std::string& table, const json::object& item) {
  GUST_CHECK(call("PutItem", {{"TableName", table}, {"Item", item}}, table, "put the item"));
  return {};
}

Result<bool> TableClient::remove(const std::string& table, const json::object& key) {
  const json::object body{{"TableName", table}, {"Key", key}, {"ReturnValues", "ALL_OLD"}};
  GUST_TRY(const auto answer, call("DeleteItem", body, table, "remove the item"));
  const auto* old = answer.if_contains("Attributes");
  return old != nullptr && !old->get_object().empty();
}

Result<void> TableClient::remove_table(const std::string& table) {
  GUST_CHECK(call("DeleteTable", {{"TableName", table}}, table, "delete the table"));
  return {};
}

Result<void> TableClient::select(TableQuery selection, const std::string& table,
                                 const std::function<Result<bool>(const json::object&)>& each) {
  json::object body{{"Statement", selection.statement},
                    {"ConsistentRead", selection.reads == TableQuery::Reads::kConsistent}};
  if (!selection.parameters.empty()) body["Parameters"] = std::move(selection.parameters);
  if (selection.most > 0) body["Limit"] = selection.most;
  for (;;) {
    GUST_TRY(const auto answer, call("ExecuteStatement", body, table, "read the table"));
    if (const auto* items = answer.if_contains("Items")) {
      for (const auto& item : items->get_array()) {
        GUST_TRY(const bool more, each(item.get_object()));
        if (!more) return {};
      }
    }
    const auto* next = answer.if_contains("NextToken");
    if (next == nullptr) return {};
    body["NextToken"] = *next;
  }
}

Result<void> TableClient::put_all(const std::string& table, const std::vector<json::object>& items) {
  auto left = puts(table, items);
  auto pause = kFirstPause;
  for (int tries = kTries; tries > 0; --tries) {
    GUST_TRY(auto answer, call("BatchWriteItem", {{"RequestItems", std::move(left)}}, table, "put the items"));
    auto* unprocessed = answer.if_contains("UnprocessedItems");
    if (unprocessed == nullptr || !unprocessed->is_object() || unprocessed->get_object().empty()) return {};
    left = std::move(unprocessed->get_object());
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
  return fail(Code::kThrottled, "some items were not taken, though they were sent again and again; try later");
}

}  // namespace gust::cli
