// Many items without a promise of all or nothing: BatchGetItem and BatchWriteItem.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/expressions.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/writes.h"
#include "codec/json.h"
#include "tables/keys.h"

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

using tables::Consistency;
using Kind = tables::Write::Kind;

constexpr std::size_t kMaxGets = 100, kMaxWrites = 25, kMaxAnswer = 16 << 20;

std::unexpected<Error> duplicates() { return bad_request("Provided list of item keys contains duplicates"); }

// Keys as text that is the same for the same key, to find those that come twice.
class SeenKeys {
 public:
  bool insert(const std::string& table, const tables::Item& key) {
    std::string text = table + '\0';
    append_json(text, key);
    return seen_.insert(std::move(text)).second;
  }

 private:
  std::set<std::string> seen_;
};

// What is asked of one table.
struct TableGets {
  std::string name;
  const Object* body = nullptr;
  std::optional<tables::Projection> projection = {};
  Consistency consistency = Consistency::kEventual;
  std::vector<tables::Item> keys = {};
  std::vector<tables::Item> found = {};
  std::vector<tables::Item> left = {};  // UnprocessedKeys
};

Result<std::vector<TableGets>> parse_gets(const Object& body) {
  std::vector<TableGets> out;
  std::size_t count = 0;
  for (const auto& [name, json] : body.at("RequestItems").get_object()) {
    if (!json.is_object()) continue;
    auto& one = out.emplace_back(TableGets{std::string(name), &json.get_object()});
    GUST_TRY(auto expressions, Expressions::of(*one.body));
    GUST_TRY(one.projection, expressions.projection());
    GUST_CHECK(expressions.finish());
    if (flag_of(*one.body, "ConsistentRead").value_or(false)) one.consistency = Consistency::kStrong;
    SeenKeys seen;
    for (const auto& key : one.body->at("Keys").get_array()) {
      GUST_TRY(auto item, item_from(key));
      if (!seen.insert("", item)) return duplicates();
      one.keys.push_back(std::move(item));
    }
    count += one.keys.size();
  }
  if (count > kMaxGets) return bad_request("Too many items requested for the BatchGetItem call");
  return out;
}

// The keys that were left, in the form of the request.
void append_left(Answer& answer, const TableGets& gets) {
  Answer one;
  one.items("Keys", gets.left);
  for (const auto& [name, json] : *gets.body) {
    if (name != "Keys" && !json.is_null()) one.member(name) += codec::to_json(json);
  }
  answer.member(gets.name) += one.take();
}

std::string answer_of(const std::vector<TableGets>& all, const Capacity& capacity) {
  Answer answer, responses, left;
  for (const auto& gets : all) {
    responses.items(gets.name, gets.found);
    if (!gets.left.empty()) append_left(left, gets);
  }
  answer.member("Responses") += responses.take();
  answer.member("UnprocessedKeys") += left.take();
  capacity.write_all(answer);
  return answer.take();
}

// Of one item that was found or not; what no longer fits the answer is left.
void take(TableGets& gets, std::size_t at, std::optional<tables::Item> item, std::size_t& bytes, tables::Usage& usage) {
  const auto size = item ? tables::size_of(*item) : 0;
  if (bytes > 0 && bytes + size > kMaxAnswer) {
    gets.left.push_back(gets.keys[at]);
    return;
  }
  bytes += size;
  usage.table += tables::read_units(size, gets.consistency);
  if (item) gets.found.push_back(gets.projection ? gets.projection->apply(*item) : *std::move(item));
}

struct OneWrite {
  ParsedWrite parsed;
  const boost::json::value* json = nullptr;
};

Result<OneWrite> parse_write_request(const std::string& table, const boost::json::value& json) {
  const auto* object = json.if_object();
  const auto* put = object == nullptr ? nullptr : member(*object, "PutRequest");
  const auto* remove = object == nullptr ? nullptr : member(*object, "DeleteRequest");
  if ((put == nullptr) == (remove == nullptr)) {
    return bad_request(fmt::format(
        "Supplied AttributeValue {}, must contain exactly one of the supported datatypes",
        put == nullptr ? "is empty" : "has more than one datatypes set"));
  }
  OneWrite out{{.kind = put != nullptr ? Kind::kPut : Kind::kDelete, .table = table}, &json};
  const auto& body = (put != nullptr ? put : remove)->get_object();
  GUST_TRY(out.parsed.item, item_from(body.at(put != nullptr ? "Item" : "Key")));
  return out;
}

Result<std::vector<OneWrite>> parse_writes(const Object& body) {
  std::vector<OneWrite> out;
  for (const auto& [name, json] : body.at("RequestItems").get_object()) {
    if (!json.is_array()) continue;
    for (const auto& request : json.get_array()) {
      GUST_TRY(auto write, parse_write_request(std::string(name), request));
      out.push_back(std::move(write));
    }
  }
  if (out.size() > kMaxWrites)
    return bad_request("Too many items requested for the BatchWriteItem call");
  return out;
}

// A whole batch is one commit; why one write of it cannot be is the answer.
std::optional<Error> refusal(const Error& error, const std::vector<tables::ItemStore::Reason>& reasons) {
  if (error.source != "canceled") return error;
  for (const auto& reason : reasons) {
    if (reason.code != "None") return Error{Code::kInvalid, reason.message, "request"};
  }
  return error;
}

}  // namespace

DynamoDbService::Text DynamoDbService::batch_get(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(auto all, parse_gets(body));
  std::vector<tables::ItemStore::Wanted> wanted;
  std::vector<tables::Catalog::Known> known;
  for (const auto& gets : all) {
    GUST_CO_TRY(auto table, co_await table_of(call, gets.name));
    for (const auto& key : gets.keys) wanted.push_back({*table, key});
    known.push_back(std::move(table));
  }
  GUST_CO_TRY(auto items, co_await items_.get_all(std::move(wanted)));
  Capacity capacity(body);
  std::size_t next = 0, bytes = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    tables::Usage usage;
    for (std::size_t at = 0; at < all[i].keys.size(); ++at) take(all[i], at, std::move(items[next++]), bytes, usage);
    capacity.add(*known[i], usage);
  }
  co_return answer_of(all, capacity);
}

DynamoDbService::Text DynamoDbService::batch_write(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(const auto all, parse_writes(body));
  std::vector<tables::Write> writes;
  std::vector<tables::Catalog::Known> known;
  SeenKeys seen;
  for (const auto& one : all) {
    GUST_CO_TRY(auto table, co_await table_of(call, one.parsed.table));
    GUST_CO_TRY(auto write, write_of(one.parsed, *table));
    if (!seen.insert(table->id, tables::key_of(table->key, one.parsed.item))) co_return duplicates();
    writes.push_back(std::move(write));
    known.push_back(std::move(table));
  }
  const auto reasons = std::make_shared<std::vector<tables::ItemStore::Reason>>();
  const auto written = co_await items_.transact(std::move(writes), reasons);
  Answer answer;
  if (!written && written.error().source == "conflict") {  // the client tries again
    answer.member("UnprocessedItems") += codec::to_json(body.at("RequestItems"));
    co_return answer.take();
  }
  if (!written) co_return std::unexpected(*refusal(written.error(), *reasons));
  answer.member("UnprocessedItems") += "{}";
  Capacity capacity(body);
  CollectionMetrics metrics(body);
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto usage = (*written)[i].usage;  // of a transaction, which costs more
    usage.table /= tables::kTransactional;
    for (auto& [_, units] : usage.indexes) units /= tables::kTransactional;
    capacity.add(*known[i], usage);
    metrics.add(*known[i], all[i].parsed.item);
  }
  metrics.write_all(answer);
  capacity.write_all(answer);
  co_return answer.take();
}

void DynamoDbService::add_batches() {
  on_item<dynamodb::BatchGetItem>([this](auto call, auto document) { return batch_get(call, document); });
  on_item<dynamodb::BatchWriteItem>([this](auto call, auto document) { return batch_write(call, document); });
}

}  // namespace gust::api
