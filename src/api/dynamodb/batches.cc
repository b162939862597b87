// Many items without a promise of all or nothing: BatchGetItem and BatchWriteItem.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/expressions.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/throttling.h"
#include "api/dynamodb/writes.h"
#include "codec/json.h"
#include "tables/keys.h"

#include <algorithm>
#include <set>
#include <utility>

namespace gust::api {
namespace {

using tables::Consistency;
using tables::Units;
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

// Of all tables together, after each by itself.
Result<void> check_same_style(const Object& body) {
  Object together;
  for (const auto& [name, json] : body.at("RequestItems").get_object()) {
    if (!json.is_object()) continue;
    for (const auto* parameter : {"AttributesToGet", "ProjectionExpression"}) {
      if (const auto* found = member(json.get_object(), parameter)) together[parameter] = *found;
    }
  }
  return Expressions::check_styles(together, Expressions::Of::kRead);
}

Result<std::vector<TableGets>> parse_gets(const Object& body) {
  std::vector<TableGets> out;
  std::size_t count = 0;
  for (const auto& [name, json] : body.at("RequestItems").get_object()) {
    if (!json.is_object()) continue;
    auto& one = out.emplace_back(TableGets{std::string(name), &json.get_object()});
    GUST_CHECK(Expressions::check_styles(*one.body, Expressions::Of::kRead));
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
  GUST_CHECK(check_same_style(body));
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
  if ((put == nullptr) == (remove == nullptr)) {  // the service says this of none, too
    return bad_request(
        "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported "
        "datatypes");
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

// A write that the batch does, and its table.
struct Written {
  const OneWrite* write = nullptr;
  tables::Catalog::Known table;
};

// Here the service says of a put, too, that its key is not the table's.
Result<void> check_key_of(const tables::Table& table, const ParsedWrite& parsed) {
  const auto key = parsed.kind == Kind::kPut ? tables::key_of(table.key, parsed.item) : parsed.item;
  return tables::check_key(table, key);
}

// A batch has one commit, so that an index without capacity turns all of its table's writes away.
std::optional<tables::Exceeded> exceeded_of(tables::CapacityMeter& meter, const tables::Table& table) {
  if (auto exceeded = meter.check(table, Units::kWrite)) return exceeded;
  auto indexes = meter.exhausted(table);
  return indexes.empty() ? std::nullopt : std::optional(std::move(indexes.front()));
}

// Whether an item is too large is told before whether there is a table.
Error too_large_first(const std::vector<OneWrite>& all, Error error) {
  for (const auto& one : all) error = api::too_large_first(one.parsed, std::move(error));
  return error;
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
  std::size_t refused = 0;
  for (auto& gets : all) {
    GUST_CO_TRY(auto table, co_await table_of(call, gets.name));
    for (const auto& key : gets.keys) GUST_CO_CHECK(tables::check_key(*table, key));
    if (meter_.check(*table, Units::kRead)) {
      gets.left = gets.keys;
      ++refused;
    }
    if (gets.left.empty()) {
      for (const auto& key : gets.keys) wanted.push_back({*table, key});
    }
    known.push_back(std::move(table));
  }
  if (refused == all.size()) co_return std::unexpected(throttled(*known[0], *meter_.check(*known[0], Units::kRead)));
  GUST_CO_TRY(auto items, co_await items_.get_all(std::move(wanted)));
  Capacity capacity(body);
  std::size_t next = 0, bytes = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i].left.empty()) continue;
    tables::Usage usage;
    for (std::size_t at = 0; at < all[i].keys.size(); ++at) take(all[i], at, std::move(items[next++]), bytes, usage);
    meter_.take(*known[i], Units::kRead, usage);
    capacity.add(*known[i], usage);
  }
  co_return answer_of(all, capacity);
}

DynamoDbService::Text DynamoDbService::batch_write(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(const auto all, parse_writes(body));
  std::vector<tables::Write> writes;
  std::vector<Written> done;
  SeenKeys seen;
  Answer left;  // UnprocessedItems
  std::optional<wire::Fault> refused;
  std::string last;
  for (const auto& one : all) {
    auto found = co_await table_of(call, one.parsed.table);
    if (!found) co_return std::unexpected(too_large_first(all, found.error()));
    auto table = *std::move(found);
    GUST_CO_TRY(auto write, write_of(one.parsed, *table));
    GUST_CO_CHECK(check_key_of(*table, one.parsed));
    if (!seen.insert(table->id, tables::key_of(table->key, one.parsed.item))) co_return duplicates();
    GUST_CO_CHECK(co_await room_for(one.parsed.kind, table, one.parsed.item));
    if (auto exceeded = exceeded_of(meter_, *table)) {
      if (std::exchange(last, one.parsed.table) != one.parsed.table)
        left.member(one.parsed.table) += codec::to_json(body.at("RequestItems").at(one.parsed.table));
      refused = throttled(*table, *exceeded);
      continue;
    }
    writes.push_back(std::move(write));
    done.push_back({&one, std::move(table)});
  }
  if (writes.empty()) co_return std::unexpected(*std::move(refused));
  const auto reasons = std::make_shared<std::vector<tables::ItemStore::Reason>>();
  const auto written = co_await items_.transact(std::move(writes), reasons);
  Answer answer;
  if (!written && written.error().source == "conflict") {  // the client tries again
    answer.member("UnprocessedItems") += codec::to_json(body.at("RequestItems"));
    co_return answer.take();
  }
  if (!written) co_return std::unexpected(*refusal(written.error(), *reasons));
  answer.member("UnprocessedItems") += left.take();
  Capacity capacity(body);
  CollectionMetrics metrics(body);
  for (std::size_t i = 0; i < done.size(); ++i) {
    auto usage = (*written)[i].usage;  // of a transaction, which costs more
    usage.table /= tables::kTransactional;
    for (auto& [_, units] : usage.indexes) units /= tables::kTransactional;
    meter_.take(*done[i].table, Units::kWrite, usage);
    capacity.add(*done[i].table, usage);
    if (!metrics.asked()) continue;
    GUST_CO_TRY(const auto bytes, co_await collection_bytes(done[i].table, done[i].write->parsed.item));
    metrics.add(*done[i].table, done[i].write->parsed.item, bytes);
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
