// Statements of PartiQL, alone, in batches and in transactions: ExecuteStatement, BatchExecuteStatement,
// ExecuteTransaction.
#include "api/dynamodb/answer.h"
#include "api/dynamodb/cancellation.h"
#include "api/dynamodb/service.h"
#include "api/dynamodb/throttling.h"
#include "api/dynamodb/writes.h"
#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/json.h"
#include "tables/keys.h"
#include "tables/expressions/partiql.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <set>

namespace gust::api {
namespace {

using tables::Consistency;
using tables::Item;
using tables::Units;
using tables::Statement;
using Reason = tables::ItemStore::Reason;
using Found = std::shared_ptr<std::optional<Item>>;

constexpr std::size_t kMaxBytes = 4 << 20;
constexpr std::string_view kDuplicate = "Duplicate primary key exists in table";

struct Parsed {
  Statement statement;
  Consistency consistency = Consistency::kEventual;
  ParsedWrite::OnFailure on_failure = ParsedWrite::OnFailure::kNothing;

  bool reads() const { return statement.kind == Statement::Kind::kSelect; }
  bool inserts() const { return statement.kind == Statement::Kind::kInsert; }
  bool tells_item() const { return on_failure == ParsedWrite::OnFailure::kItem && !inserts(); }
};

std::string_view name_of(Statement::Returning returning) {
  constexpr std::string_view kNames[] = {"", "ALL OLD", "ALL NEW", "MODIFIED OLD", "MODIFIED NEW"};
  return kNames[static_cast<std::size_t>(returning)];
}

Result<Parsed> parse(const Object& body) {
  std::vector<tables::Value> parameters;
  if (const auto* given = member(body, "Parameters")) {
    GUST_TRY(parameters, values_from(*given));
  }
  Parsed out;
  GUST_TRY(out.statement, tables::parse_statement(text_of(body, "Statement"), parameters));
  using Returning = Statement::Returning;
  const auto returning = out.statement.returning;
  if (out.statement.kind == Statement::Kind::kDelete && returning != Returning::kNothing &&
      returning != Returning::kAllOld)
    return bad_request(fmt::format("Invalid returning clause: RETURNING {} *. Only RETURNING ALL OLD * is allowed in "
                                   "DELETE statements.",
                                   name_of(returning)));
  if (flag_of(body, "ConsistentRead").value_or(false)) out.consistency = Consistency::kStrong;
  if (text_of(body, "ReturnValuesOnConditionCheckFailure") == "ALL_OLD") out.on_failure = ParsedWrite::OnFailure::kItem;
  return out;
}

Result<void> refuse_exists(const Parsed& parsed) {
  if (parsed.statement.kind != Statement::Kind::kExists) return {};
  return bad_request("EXISTS() is not supported here: it can only be used in ExecuteTransaction");
}

// What is selected of an item.
Item selected(const Statement& statement, Item item) {
  if (statement.wanted.empty()) return item;
  Item out;
  for (const auto& wanted : statement.wanted) {
    if (const auto* value = wanted.path.find(item)) out.insert_or_assign(wanted.name, *value);
  }
  return out;
}

// Of a batch or transaction: the key of the one item that is selected.
Result<Item> key_of_one(const Statement& statement, const tables::Table& table, std::string_view operation) {
  auto key = statement.where && statement.index.empty() ? std::optional(statement.where->key(table.key)) : std::nullopt;
  if (key && *key) return **std::move(key);
  return bad_request(
      fmt::format("Select statements within {} must specify the primary key in the where clause.", operation));
}

Result<tables::Write> write_for(const Statement& statement, const tables::Table& table) {
  using Kind = tables::Write::Kind;
  tables::Write out;
  out.table = table;
  if (statement.kind == Statement::Kind::kInsert) {
    out.item = statement.item;
    out.condition = [](const Item& there) -> Result<bool> { return there.empty(); };
    return out;
  }
  GUST_TRY(out.key, statement.where->key(table.key));
  const auto& where = statement.where->condition();
  out.condition = [where](const Item& there) { return where.evaluate(there); };
  if (statement.kind == Statement::Kind::kExists) {
    out.kind = Kind::kCheck;
  } else if (statement.kind == Statement::Kind::kDelete) {
    out.kind = Kind::kDelete;
    // To delete what is not there succeeds.
    out.condition = [where](const Item& there) { return there.empty() ? Result<bool>(true) : where.evaluate(there); };
  } else {
    out.kind = Kind::kUpdate;
    GUST_CHECK(statement.update->check_key(table.key));
    out.change = [update = *statement.update](const Item& there) { return update.apply(there); };
  }
  return out;
}

std::optional<Item> returned(const Statement& statement, const tables::Written& written) {
  using Returning = Statement::Returning;
  const bool old = statement.returning == Returning::kAllOld || statement.returning == Returning::kModifiedOld;
  const auto& whole = old ? written.before : written.after;
  if (statement.returning == Returning::kNothing || !whole) return std::nullopt;
  if (statement.returning == Returning::kAllOld || statement.returning == Returning::kAllNew) return whole;
  auto changed = statement.update->changed(*whole);
  return changed.empty() ? std::nullopt : std::optional(std::move(changed));
}

// Which statement a NextToken goes on with.
std::string fingerprint(const Object& body) {
  auto text = std::string(text_of(body, "Statement"));
  if (const auto* parameters = member(body, "Parameters")) text += '\0' + codec::to_json(*parameters);
  return codec::sha256_hex(text).substr(0, 16);
}

std::string token_of(const Object& body, const Item& last) {
  Answer token;
  append_text(token.member("of"), fingerprint(body));
  token.item("after", last);
  return codec::to_base64(token.take());
}

Result<Item> start_of(const Object& body, std::string_view token) {
  const auto text = codec::from_base64(token);
  const auto json = text ? codec::parse_json(*text) : Result<codec::json::value>(std::unexpected(text.error()));
  const auto* object = json ? json->if_object() : nullptr;
  const auto* of = object == nullptr ? nullptr : object->if_contains("of");
  const auto* after = object == nullptr ? nullptr : object->if_contains("after");
  if (of == nullptr || !of->is_string() || after == nullptr || !after->is_object())
    return bad_request("Invalid NextToken: it is not one that a statement was answered with");
  if (of->get_string() != fingerprint(body)) return bad_request("Given NextToken does not match the statement");
  return item_from(*after);
}

bool projects(const tables::Table& table, const tables::Index& index, const std::string& attribute) {
  if (index.projected == tables::Projected::kAll) return true;
  if (std::ranges::find(index.included, attribute) != index.included.end()) return true;
  return std::ranges::any_of(std::array{&table.key, &index.key}, [&](const tables::KeySchema* key) {
    return key->hash.name == attribute || (key->range && key->range->name == attribute);
  });
}

// A query of an index filters by what it projects; a scan takes what it does not project for missing.
Result<void> check_filter(const Statement& statement, const tables::Table& table, const tables::Index& index) {
  if (!statement.where || !statement.where->pins(index.key.hash.name)) return {};
  auto missing = statement.where->condition().attributes();
  std::erase_if(missing, [&](const auto& attribute) { return projects(table, index, attribute); });
  if (missing.empty()) return {};
  return bad_parameter(fmt::format("Secondary index {} does not project one or more filter attributes: [{}]",
                                   index.name, fmt::join(missing, ", ")));
}

// A local index looks up what it has not; a global one cannot.
Result<tables::Attributes> attributes_of(const Statement& statement, const tables::Table& table,
                                         const tables::Index& index) {
  GUST_CHECK(check_filter(statement, table, index));
  std::set<std::string> missing;
  for (const auto& wanted : statement.wanted) {
    if (!projects(table, index, wanted.path.top())) missing.insert(wanted.path.top());
  }
  if (missing.empty()) return tables::Attributes::kProjected;
  if (index.scope == tables::Scope::kLocal) return tables::Attributes::kAll;
  return bad_parameter(
      fmt::format("Global secondary index {} does not project [{}]", index.name, fmt::join(missing, ", ")));
}

Result<void> apply_order(const Statement& statement, const tables::KeySchema& key, tables::PageQuery& query) {
  if (statement.order.empty()) return {};
  if (!statement.where) return bad_request("Must have WHERE clause in the statement when using ORDER BY clause.");
  if (!query.hash) {
    return bad_request(
        "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause.");
  }
  for (const auto& order : statement.order) {
    const bool range = key.range && key.range->name == order.attribute;
    if (!range && key.hash.name != order.attribute) {
      return bad_request(fmt::format("Variable reference {} in ORDER BY clause must be part of the primary key",
                                     order.attribute));
    }
    if (range) query.backward = order.direction == Statement::Order::Direction::kDescending;
  }
  return {};
}

Result<tables::PageQuery> query_of(const Parsed& parsed, const tables::Table& table, const Object& body) {
  const auto& statement = parsed.statement;
  tables::PageQuery out{.table = table, .index = statement.index, .consistency = parsed.consistency};
  const auto* index = statement.index.empty() ? nullptr : tables::find_index(table, statement.index);
  if (!statement.index.empty() && index == nullptr)
    return bad_request("The table does not have the specified index");
  if (index != nullptr) {
    if (index->scope == tables::Scope::kGlobal && parsed.consistency == Consistency::kStrong)
      return bad_request("Strongly consistent read is not supported on Global Secondary Indexes");
    GUST_TRY(out.attributes, attributes_of(statement, table, *index));
  }
  const auto& key = index == nullptr ? table.key : index->key;
  if (statement.where) {
    if (auto wanted = statement.where->keys(key)) {
      out.hash = std::move(wanted->hash);
      out.range = std::move(wanted->range);
    }
    out.filter = [where = statement.where->condition()](const Item& item) { return where.evaluate(item); };
  }
  GUST_CHECK(apply_order(statement, key, out));
  if (const auto limit = number_of(body, "Limit")) out.limit = static_cast<std::size_t>(*limit);
  if (const auto token = text_of(body, "NextToken"); !token.empty()) {
    GUST_TRY(out.start, start_of(body, token));
  }
  return out;
}

std::string answer_of(const Parsed& parsed, const Object& body, const tables::Table& table, tables::Page page) {
  for (auto& item : page.items) item = selected(parsed.statement, std::move(item));
  Answer answer;
  answer.items("Items", page.items);
  if (page.last) {
    append_text(answer.member("NextToken"), token_of(body, *page.last));
    answer.item("LastEvaluatedKey", *page.last);
  }
  Capacity capacity(body);
  capacity.add(table, page.usage);
  capacity.write_one(answer);
  return answer.take();
}

// What one statement of a batch did.
struct Done {
  std::optional<Item> item = {};
  tables::Usage usage = {};
};

async::Task<Done> run_one(tables::ItemStore& items, Parsed parsed, tables::Table table, Found found) {
  GUST_CO_CHECK(refuse_exists(parsed));
  const auto& statement = parsed.statement;
  Done out;
  if (parsed.reads()) {
    GUST_CO_TRY(auto key, key_of_one(statement, table, "BatchExecuteStatement"));
    GUST_CO_TRY(auto item, co_await items.get(table, std::move(key)));
    out.usage.table = tables::read_units(item ? tables::size_of(*item) : 0, parsed.consistency);
    if (!item) co_return out;
    GUST_CO_TRY(const bool holds, statement.where->condition().evaluate(*item));
    if (holds) out.item = selected(statement, *std::move(item));
    co_return out;
  }
  GUST_CO_TRY(auto write, write_for(statement, table));
  GUST_CO_TRY(auto written, co_await items.write(std::move(write), found));
  out.item = returned(statement, written);
  out.usage = std::move(written.usage);
  co_return out;
}

std::string_view throttled_code(const Error& error) {
  return error.source == "ThrottlingError" ? "ThrottlingError" : "ProvisionedThroughputExceeded";
}

// BatchStatementErrorCodeEnum.
std::string_view batch_code(const Error& error, const Parsed* parsed) {
  if (error.source == "collection") return "ItemCollectionSizeLimitExceeded";
  if (error.source == "condition")
    return parsed != nullptr && parsed->inserts() ? "DuplicateItem" : "ConditionalCheckFailed";
  switch (error.code) {
    case Code::kInvalid:
    case Code::kTooLarge:
    case Code::kPrecondition:
    case Code::kUnsupported: return "ValidationError";
    case Code::kNotFound: return "ResourceNotFound";
    case Code::kConflict: return "TransactionConflict";
    case Code::kThrottled: return throttled_code(error);
    case Code::kDenied: return "AccessDenied";
    default: return "InternalServerError";
  }
}

void append_error(Answer& answer, const Error& error, const Parsed* parsed, const std::optional<Item>& found) {
  const auto code = batch_code(error, parsed);
  const auto inside = code == "InternalServerError";
  Answer out;
  append_text(out.member("Code"), code);
  append_text(out.member("Message"), code == "DuplicateItem" ? kDuplicate
                                     : inside                ? "the statement failed inside"
                                                             : std::string_view(error.message));
  if (parsed != nullptr && parsed->tells_item() && found) out.item("Item", *found);
  answer.member("Error") += out.take();
}

// An INSERT of what is there has a code of its own; items are told only where that was asked for.
wire::Fault refused(std::vector<Reason> reasons, const std::vector<Parsed>& parsed) {
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    auto& reason = reasons[i];
    if (reason.code == "ConditionalCheckFailed" && parsed[i].inserts())
      reason = {"DuplicateItem", std::string(kDuplicate), std::move(reason.found)};
    if (!parsed[i].tells_item()) reason.found.reset();
  }
  return canceled(reasons);
}

Result<std::vector<Parsed>> parse_transaction(const Object& body) {
  std::vector<Parsed> out;
  for (const auto& json : body.at("TransactStatements").get_array()) {
    GUST_TRY(auto one, parse(json.get_object()));
    const auto& statement = one.statement;
    const char* unserved = statement.returning != Statement::Returning::kNothing
                               ? "RETURNING clause is not supported in ExecuteTransaction."
                           : statement.index.empty() ? nullptr
                                                     : "Reads on indices are not supported within transactions.";
    if (unserved != nullptr)
      return bad_request(fmt::format("Validation failed in TransactStatements[{}]: {}", out.size(), unserved));
    out.push_back(std::move(one));
  }
  const auto reads = std::ranges::count_if(out, &Parsed::reads);
  if (reads > 0 && static_cast<std::size_t>(reads) < out.size())
    return bad_request("A transaction must consist of either read statements or write statements, not of both");
  return out;
}

}  // namespace

DynamoDbService::Text DynamoDbService::execute_statement(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(const auto parsed, parse(body));
  GUST_CO_CHECK(refuse_exists(parsed));
  GUST_CO_TRY(const auto table, co_await table_of(call, parsed.statement.table));
  if (parsed.reads()) {
    GUST_CO_TRY(auto query, query_of(parsed, *table, body));
    if (const auto exceeded = meter_.check(*table, Units::kRead, query.index))
      co_return std::unexpected(throttled(*table, *exceeded));
    GUST_CO_TRY(auto page, co_await items_.page(std::move(query)));
    meter_.take(*table, Units::kRead, page.usage);
    co_return answer_of(parsed, body, *table, std::move(page));
  }
  GUST_CO_TRY(auto write, write_for(parsed.statement, *table));
  if (const auto exceeded = meter_.check(*table, Units::kWrite))
    co_return std::unexpected(throttled(*table, *exceeded));
  write.exhausted = meter_.exhausted(*table);
  GUST_CO_CHECK(co_await room_for(write.kind, table, write.item.empty() ? write.key : write.item));
  const auto found = std::make_shared<std::optional<Item>>();
  const auto written = co_await items_.write(std::move(write), found);
  if (!written && written.error().source == "condition") {
    meter_.take(*table, Units::kWrite, {.table = tables::write_units(*found ? tables::size_of(**found) : 0)});
    wire::WireError failed{"ConditionalCheckFailedException", "The conditional request failed", 400, {}};
    if (parsed.inserts()) failed = {"DuplicateItemException", std::string(kDuplicate), 400, {}};
    if (*found && parsed.tells_item()) failed.members["Item"] = document_of(**found);
    co_return std::unexpected(wire::Fault(std::move(failed)));
  }
  if (!written) {
    if (const auto exceeded = exceeded_index(written.error(), *table))
      co_return std::unexpected(throttled(*table, *exceeded));
    co_return std::unexpected(written.error());
  }
  meter_.take(*table, Units::kWrite, written->usage);
  Answer answer;
  std::vector<Item> items;
  if (auto item = returned(parsed.statement, *written)) items.push_back(*std::move(item));
  answer.items("Items", items);
  Capacity capacity(body);
  capacity.add(*table, written->usage);
  capacity.write_one(answer);
  co_return answer.take();
}

DynamoDbService::Text DynamoDbService::batch_statements(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  std::vector<Result<Parsed>> all;
  for (const auto& json : body.at("Statements").get_array()) all.push_back(parse(json.get_object()));
  const auto reads = std::ranges::count_if(all, [](const auto& one) { return one && one->reads(); });
  if (reads > 0 && std::ranges::any_of(all, [](const auto& one) { return one && !one->reads(); }))
    co_return bad_request("A batch must consist of either read statements or write statements, not of both");
  Answer answer;
  Capacity capacity(body);
  std::string responses;
  for (const auto& one : all) {
    const auto found = std::make_shared<std::optional<Item>>();
    auto done = one ? Result<Done>() : Result<Done>(std::unexpected(one.error()));
    for (int tries = 0; one; ++tries) {
      const auto table = co_await table_of(call, one->statement.table);
      if (!table) {
        done = std::unexpected(table.error());
        break;
      }
      const auto units = one->reads() ? Units::kRead : Units::kWrite;
      if (const auto exceeded = meter_.check(**table, units)) {
        done = fail(Code::kThrottled, std::string(words(*exceeded)), std::string(reason_code(*exceeded)));
        break;
      }
      done = co_await run_one(items_, *one, **table, found);
      if (done) meter_.take(**table, units, done->usage);
      if (done) capacity.add(**table, done->usage);
      if (done) break;
      const auto again = co_await try_again(done.error(), tries);
      if (!again || !*again) break;
    }
    Answer response;
    if (!done) append_error(response, done.error(), one ? &*one : nullptr, *found);
    const bool ran = done || done.error().source == "condition";
    if (ran) append_text(response.member("TableName"), one->statement.table);
    if (done && done->item) response.item("Item", *done->item);
    responses += (responses.empty() ? "" : ",") + response.take();
  }
  answer.member("Responses") += '[' + responses + ']';
  capacity.write_all(answer);
  co_return answer.take();
}

DynamoDbService::Text DynamoDbService::transact_statements(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(auto parsed, parse_transaction(body));
  if (parsed.front().reads()) co_return co_await select_all(call, document);
  std::vector<tables::Write> writes;
  std::vector<tables::Catalog::Known> known;
  Turned turned(parsed.size());
  for (const auto& one : parsed) {
    GUST_CO_TRY(auto table, co_await table_of(call, one.statement.table));
    GUST_CO_TRY(auto write, write_for(one.statement, *table));
    if (const auto exceeded = meter_.check(*table, Units::kWrite)) turned.add(writes.size(), *exceeded);
    write.exhausted = meter_.exhausted(*table);
    const auto room = co_await room_for(write.kind, table, write.item.empty() ? write.key : write.item);
    if (!room && room.error().source != "collection") co_return std::unexpected(room.error());
    if (!room) turned.add(writes.size(), Reason{"ItemCollectionSizeLimitExceeded", room.error().message});
    writes.push_back(std::move(write));
    known.push_back(std::move(table));
  }
  if (turned.any()) co_return std::unexpected(canceled(turned.all()));
  const auto reasons = std::make_shared<std::vector<Reason>>();
  auto once = once_of(call, body, "TransactStatements");
  const auto written = co_await items_.transact(std::move(writes), reasons, std::move(once));
  if (!written && is_canceled(written.error())) co_return std::unexpected(refused(*reasons, parsed));
  if (!written) co_return std::unexpected(written.error());
  Answer answer;
  const bool replayed = written->front().replayed;
  Capacity capacity(body, replayed ? Capacity::Kind::kRead : Capacity::Kind::kWrite);
  std::string responses;
  for (std::size_t i = 0; i < parsed.size(); ++i) {
    meter_.take(*known[i], replayed ? Units::kRead : Units::kWrite, (*written)[i].usage);
    capacity.add(*known[i], (*written)[i].usage);
    responses += i == 0 ? "{}" : ",{}";
  }
  answer.member("Responses") += '[' + responses + ']';
  capacity.write_all(answer);
  co_return answer.take();
}

DynamoDbService::Text DynamoDbService::select_all(wire::Call call, Document document) {
  const auto& body = document->value->get_object();
  GUST_CO_TRY(auto parsed, parse_transaction(body));
  std::vector<tables::ItemStore::Wanted> wanted;
  std::vector<tables::Catalog::Known> known;
  Turned turned(parsed.size());
  for (const auto& one : parsed) {
    GUST_CO_TRY(auto table, co_await table_of(call, one.statement.table));
    GUST_CO_TRY(auto key, key_of_one(one.statement, *table, "ExecuteTransaction"));
    if (const auto exceeded = meter_.check(*table, Units::kRead)) turned.add(wanted.size(), *exceeded);
    wanted.push_back({*table, std::move(key)});
    known.push_back(std::move(table));
  }
  GUST_CO_CHECK(tables::ItemStore::check_apart(wanted));
  if (turned.any()) co_return std::unexpected(canceled(turned.all()));
  GUST_CO_TRY(auto items, co_await items_.get_all(std::move(wanted)));
  Capacity capacity(body, Capacity::Kind::kRead);
  std::size_t bytes = 0;
  std::string responses;
  for (std::size_t i = 0; i < items.size(); ++i) {
    const auto& statement = parsed[i].statement;
    const auto size = items[i] ? tables::size_of(*items[i]) : 0;
    bytes += size;
    Answer one;
    if (items[i]) {
      GUST_CO_TRY(const bool holds, statement.where->condition().evaluate(*items[i]));
      if (holds) one.item("Item", selected(statement, *std::move(items[i])));
    }
    responses += (i == 0 ? "" : ",") + one.take();
    const tables::Usage usage{.table = tables::kTransactional * tables::read_units(size, Consistency::kStrong)};
    meter_.take(*known[i], Units::kRead, usage);
    capacity.add(*known[i], usage);
  }
  if (bytes > kMaxBytes) co_return bad_request("Transaction payload size cannot exceed 4 MB");
  Answer answer;
  answer.member("Responses") += '[' + responses + ']';
  capacity.write_all(answer);
  co_return answer.take();
}

void DynamoDbService::add_statements() {
  on_item<dynamodb::ExecuteStatement>(
      [this](auto call, auto document) { return execute_statement(call, document); });
  on_item<dynamodb::BatchExecuteStatement>(
      [this](auto call, auto document) { return batch_statements(call, document); });
  on_item<dynamodb::ExecuteTransaction>(
      [this](auto call, auto document) { return transact_statements(call, document); });
}

}  // namespace gust::api
