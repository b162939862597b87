// All or nothing: TransactGetItems and TransactWriteItems.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/cancellation.h"
#include "api/dynamodb/expressions.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/writes.h"
#include "tables/keys.h"

#include <utility>

namespace gust::api {
namespace {

using Kind = tables::Write::Kind;
using Reason = tables::ItemStore::Reason;

constexpr std::size_t kMaxBytes = 4 << 20;

std::unexpected<Error> too_many_bytes() {
  return bad_request("Transaction payload size cannot exceed 4 MB");
}

struct ParsedGet {
  std::string table;
  tables::Item key;
  std::optional<tables::Projection> projection;
};

Result<std::vector<ParsedGet>> parse_gets(const Object& body) {
  std::vector<ParsedGet> out;
  for (const auto& json : body.at("TransactItems").get_array()) {
    const auto* get = json.is_object() ? member(json.get_object(), "Get") : nullptr;
    if (get == nullptr) return bad_request("TransactItems must each have a Get");
    const auto& one = get->get_object();
    GUST_CHECK(Expressions::check_styles(one, Expressions::Of::kRead));
    GUST_TRY(auto key, item_from(one.at("Key")));
    GUST_TRY(auto expressions, Expressions::of(one));
    GUST_TRY(auto projection, expressions.projection());
    GUST_CHECK(expressions.finish());
    out.push_back({std::string(text_of(one, "TableName")), std::move(key), std::move(projection)});
  }
  return out;
}

Result<ParsedWrite> parse_one(const boost::json::value& json) {
  constexpr std::pair<const char*, Kind> kKinds[] = {
      {"ConditionCheck", Kind::kCheck}, {"Put", Kind::kPut}, {"Delete", Kind::kDelete}, {"Update", Kind::kUpdate}};
  const Object* body = nullptr;
  auto kind = Kind::kCheck;
  for (const auto& [name, one] : kKinds) {
    const auto* found = json.is_object() ? member(json.get_object(), name) : nullptr;
    if (found == nullptr) continue;
    if (body != nullptr) return bad_request("TransactItems can only contain one of Check, Put, Update or Delete");
    body = &found->get_object();
    kind = one;
  }
  if (body == nullptr)
    return bad_request("Invalid Request: TransactWriteRequest should contain Delete or Put or Update request");
  return parse_write(kind, *body);
}

// Items are told only where that was asked for.
wire::Fault refused(std::vector<Reason> reasons, const std::vector<ParsedWrite>& parsed) {
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (parsed[i].on_failure != ParsedWrite::OnFailure::kItem) reasons[i].found.reset();
  }
  return canceled(reasons);
}

}  // namespace

DynamoDbService::Text DynamoDbService::transact_get(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(const auto gets, parse_gets(body));
  std::vector<tables::ItemStore::Wanted> wanted;
  std::vector<tables::Catalog::Known> known;
  for (const auto& get : gets) {
    GUST_CO_TRY(auto table, co_await table_of(call, get.table));
    wanted.push_back({*table, get.key});
    known.push_back(std::move(table));
  }
  GUST_CO_CHECK(tables::ItemStore::check_apart(wanted));
  Turned reasons(gets.size());
  for (std::size_t i = 0; i < gets.size(); ++i) {
    const auto key = tables::check_key(*known[i], gets[i].key);
    if (!key && key.error().source == "empty key") co_return std::unexpected(key.error());
    if (!key) {
      reasons.add(i, Reason{"ValidationError", key.error().message});
    } else if (const auto exceeded = meter_.check(*known[i], tables::Units::kRead)) {
      reasons.add(i, *exceeded);
    }
  }
  if (reasons.any()) co_return std::unexpected(canceled(reasons.all()));
  GUST_CO_TRY(const auto items, co_await items_.get_all(std::move(wanted)));
  Answer answer;
  Capacity capacity(body, Capacity::Kind::kRead);
  std::size_t bytes = 0;
  auto& out = answer.member("Responses");
  out += '[';
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& item = items[i];
    const auto size = item ? tables::size_of(*item) : 0;
    bytes += size;
    if (i > 0) out += ',';
    Answer one;
    if (item) one.item("Item", gets[i].projection ? gets[i].projection->apply(*item) : *item);
    out += one.take();
    const tables::Usage usage{.table =
                                  tables::kTransactional * tables::read_units(size, tables::Consistency::kStrong)};
    meter_.take(*known[i], tables::Units::kRead, usage);
    capacity.add(*known[i], usage);
  }
  if (bytes > kMaxBytes) co_return too_many_bytes();
  out += ']';
  capacity.write_all(answer);
  co_return answer.take();
}

DynamoDbService::Text DynamoDbService::transact_write(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  std::vector<ParsedWrite> parsed;
  std::vector<tables::Write> writes;
  std::vector<tables::Catalog::Known> known;
  for (const auto& json : body.at("TransactItems").get_array()) {
    GUST_CO_TRY(auto one, parse_one(json));
    parsed.push_back(std::move(one));
  }
  for (const auto& one : parsed) {
    auto error = too_large_first(one, Error());
    if (error.source == "item size") co_return std::unexpected(std::move(error));
  }
  std::size_t bytes = 0;
  Turned without(parsed.size());
  for (const auto& one : parsed) {
    GUST_CO_TRY(auto table, co_await table_of(call, one.table));
    GUST_CO_TRY(auto write, write_of(one, *table));
    if (const auto exceeded = meter_.check(*table, tables::Units::kWrite)) without.add(writes.size(), *exceeded);
    write.exhausted = meter_.exhausted(*table);
    const auto room = co_await room_for(one.kind, table, one.item);
    if (!room && room.error().source != "collection") co_return std::unexpected(room.error());
    if (!room) without.add(writes.size(), Reason{"ItemCollectionSizeLimitExceeded", room.error().message});
    bytes += tables::size_of(one.item);
    writes.push_back(std::move(write));
    known.push_back(std::move(table));
  }
  if (bytes > kMaxBytes) co_return too_many_bytes();
  if (without.any()) co_return std::unexpected(canceled(without.all()));
  const auto reasons = std::make_shared<std::vector<Reason>>();
  auto once = once_of(call, body, "TransactItems");
  const auto written = co_await items_.transact(std::move(writes), reasons, std::move(once));
  if (!written && is_canceled(written.error())) co_return std::unexpected(refused(*reasons, parsed));
  if (!written) co_return std::unexpected(written.error());
  Answer answer;
  const bool replayed = written->front().replayed;
  Capacity capacity(body, replayed ? Capacity::Kind::kRead : Capacity::Kind::kWrite);
  CollectionMetrics metrics(body);
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    meter_.take(*known[i], replayed ? tables::Units::kRead : tables::Units::kWrite, (*written)[i].usage);
    capacity.add(*known[i], (*written)[i].usage);
    if (!metrics.asked() || parsed[i].kind == Kind::kCheck) continue;
    GUST_CO_TRY(const auto size, co_await collection_bytes(known[i], parsed[i].item));
    metrics.add(*known[i], parsed[i].item, size);
  }
  capacity.write_all(answer);
  metrics.write_all(answer);
  co_return answer.take();
}

void DynamoDbService::add_transactions() {
  on_item<dynamodb::TransactGetItems>([this](auto call, auto document) { return transact_get(call, document); });
  on_item<dynamodb::TransactWriteItems>([this](auto call, auto document) { return transact_write(call, document); });
}

}  // namespace gust::api
