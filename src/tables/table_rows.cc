#include "tables/table_rows.h"

#include "codec/json.h"
#include "kv/key.h"
#include "tables/json_row.h"

#include <boost/json/object.hpp>
#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

#include <stdexcept>

namespace gust::tables::table_rows {
namespace {

namespace json = boost::json;

std::string key_of(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  std::string out(prefix);
  for (const auto part : parts) kv::append_text(out, part);
  return out;
}

// Names of an enumeration's values, in their order.
constexpr std::string_view kTypes[] = {"S", "N", "B"};
constexpr std::string_view kProjections[] = {"all", "keys", "include"};
constexpr std::string_view kScopes[] = {"global", "local"};
constexpr std::string_view kStatuses[] = {"creating", "active", "updating", "deleting"};
constexpr std::string_view kBillings[] = {"provisioned", "on-demand"};
constexpr std::string_view kViews[] = {"keys", "new", "old", "both"};
constexpr std::string_view kKinds[] = {"drop-table", "drop-index", "fill-index"};

template <typename E, std::size_t N>
json::string name_of(const std::string_view (&names)[N], E value) {
  return json::string(names[static_cast<std::size_t>(value)]);
}

template <typename E, std::size_t N>
E value_of(const std::string_view (&names)[N], const json::value& from) {
  const auto& text = from.as_string();
  for (std::size_t i = 0; i < N; ++i) {
    if (names[i] == std::string_view(text)) return static_cast<E>(i);
  }
  throw std::out_of_range("no such name");
}

json::value write(const KeyAttribute& key) { return {{"name", key.name}, {"type", name_of(kTypes, key.type)}}; }
KeyAttribute read_attribute(const json::object& from) {
  return {text_of(from, "name"), value_of<Type>(kTypes, from.at("type"))};
}

json::value write(const KeySchema& key) {
  json::object out{{"hash", write(key.hash)}};
  if (key.range) out["range"] = write(*key.range);
  return out;
}
KeySchema read_key(const json::object& from) {
  KeySchema out{read_attribute(from.at("hash").as_object()), {}};
  if (const auto* range = from.if_contains("range")) out.range = read_attribute(range->as_object());
  return out;
}

// Members that a row of an earlier version has not, or that are as for every table, may be absent.
void write(json::object& to, const char* name, const std::optional<WallTime>& time) {
  if (time) to[name] = to_epoch_ms(*time);
}
std::optional<WallTime> read_time(const json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  return found == nullptr ? std::nullopt : std::optional(from_epoch_ms(found->to_number<std::int64_t>()));
}
std::uint64_t read_number(const json::object& from, const char* name) {
  const auto* found = from.if_contains(name);
  return found == nullptr ? 0 : found->to_number<std::uint64_t>();
}

json::value write(const Throughput& units) {
  json::object out{{"read", units.read}, {"write", units.write}};
  write(out, "increased", units.increased_at);
  write(out, "decreased", units.decreased_at);
  if (units.decreases > 0) out["decreases"] = units.decreases;
  return out;
}
Throughput read_throughput(const json::object& from) {
  return {from.at("read").to_number<std::uint64_t>(), from.at("write").to_number<std::uint64_t>(),
          read_time(from, "increased"), read_time(from, "decreased"),
          static_cast<std::uint32_t>(read_number(from, "decreases"))};
}

void write(json::object& to, const OnDemandLimits& limits) {
  if (limits.read > 0) to["most_read"] = limits.read;
  if (limits.write > 0) to["most_write"] = limits.write;
}
OnDemandLimits read_limits(const json::object& from) {
  return {read_number(from, "most_read"), read_number(from, "most_write")};
}

json::value write(const Index& index) {
  json::object out{{"name", index.name},
          {"scope", name_of(kScopes, index.scope)},
          {"key", write(index.key)},
          {"projected", name_of(kProjections, index.projected)},
          {"included", json::value_from(index.included)},
          {"throughput", write(index.throughput)},
          {"status", name_of(kStatuses, index.status)}};
  write(out, index.on_demand);
  return out;
}
Index read_index(const json::object& from) {
  return {.name = text_of(from, "name"),
          .scope = value_of<Scope>(kScopes, from.at("scope")),
          .key = read_key(from.at("key").as_object()),
          .projected = value_of<Projected>(kProjections, from.at("projected")),
          .included = json::value_to<std::vector<std::string>>(from.at("included")),
          .throughput = read_throughput(from.at("throughput").as_object()),
          .status = value_of<Status>(kStatuses, from.at("status")),
          .on_demand = read_limits(from)};
}

json::object write(const Table& table) {
  json::object out{{"account", table.account.str()}, {"region", table.region}, {"name", table.name.str()},
                   {"id", table.id}, {"key", write(table.key)}};
  auto& indexes = out["indexes"].emplace_array();
  for (const auto& index : table.indexes) indexes.push_back(write(index));
  out["billing"] = name_of(kBillings, table.billing);
  out["throughput"] = write(table.throughput);
  out["created"] = to_epoch_ms(table.created_at);
  out["status"] = name_of(kStatuses, table.status);
  if (table.stream) out["stream"] = name_of(kViews, *table.stream);
  out["stream_label"] = table.stream_label;
  out["ttl_attribute"] = table.ttl_attribute;
  out["tags"] = json::value_from(table.tags);
  out["deletion_protection"] = table.deletion_protection;
  if (table.recovery) out["recovery"] = {{"since", to_epoch_ms(table.recovery->since)}, {"days", table.recovery->days}};
  if (const auto& from = table.restored) {
    out["restored"] = {{"backup", from->backup}, {"table", from->table}, {"at", to_epoch_ms(from->at)},
                       {"in_progress", from->in_progress}};
  }
  write(out, table.on_demand);
  write(out, "on_demand_since", table.on_demand_since);
  if (table.table_class == TableClass::kInfrequentAccess) out["infrequent_access"] = true;
  write(out, "class_changed", table.class_changed_at);
  if (table.policy) out["policy"] = {{"text", table.policy->text}, {"revision", table.policy->revision}};
  return out;
}

Table read_table(const json::object& from) {
  Table out;
  out.account = AccountId(text_of(from, "account"));
  out.region = text_of(from, "region");
  out.name = TableName(text_of(from, "name"));
  out.id = text_of(from, "id");
  out.key = read_key(from.at("key").as_object());
  for (const auto& index : from.at("indexes").as_array()) out.indexes.push_back(read_index(index.as_object()));
  out.billing = value_of<BillingMode>(kBillings, from.at("billing"));
  out.throughput = read_throughput(from.at("throughput").as_object());
  out.created_at = from_epoch_ms(from.at("created").to_number<std::int64_t>());
  out.status = value_of<Status>(kStatuses, from.at("status"));
  if (const auto* view = from.if_contains("stream")) out.stream = value_of<StreamView>(kViews, *view);
  out.stream_label = text_of(from, "stream_label");
  out.ttl_attribute = text_of(from, "ttl_attribute");
  out.tags = json::value_to<std::map<std::string, std::string>>(from.at("tags"));
  out.deletion_protection = from.at("deletion_protection").as_bool();
  if (const auto* found = from.if_contains("recovery")) {
    const auto& recovery = found->as_object();
    out.recovery = {time_of(recovery, "since"), recovery.at("days").to_number<std::uint32_t>()};
  }
  if (const auto* found = from.if_contains("restored")) {
    const auto& restored = found->as_object();
    out.restored = {text_of(restored, "backup"), text_of(restored, "table"), time_of(restored, "at"),
                    restored.at("in_progress").as_bool()};
  }
  out.on_demand = read_limits(from);
  out.on_demand_since = read_time(from, "on_demand_since");
  if (from.contains("infrequent_access")) out.table_class = TableClass::kInfrequentAccess;
  out.class_changed_at = read_time(from, "class_changed");
  if (const auto* policy = from.if_contains("policy"))
    out.policy = {text_of(policy->as_object(), "text"), text_of(policy->as_object(), "revision")};
  return out;
}

template <typename F>
auto decode(std::string_view bytes, F read) {
  return read_json_row(bytes, "a row of the catalog of tables", read);
}

}  // namespace

std::string tables_prefix(const AccountId& account, std::string_view region) {
  return key_of(kTables, {account.str(), region});
}
std::string table_key(const Place& place) {
  return key_of(kTables, {place.account.str(), place.region, place.name.str()});
}
std::string guard_key(const AccountId& account, std::string_view region) {
  return key_of("t/n/", {account.str(), region});
}
std::string streams_prefix(const AccountId& account, std::string_view region) {
  return key_of(kStreams, {account.str(), region});
}
std::string streams_prefix(const Place& place) {
  return key_of(kStreams, {place.account.str(), place.region, place.name.str()});
}
std::string stream_key(const Place& place, std::string_view label) {
  return key_of(kStreams, {place.account.str(), place.region, place.name.str(), label});
}
std::string work_key(std::string_view table_id, std::string_view index) { return key_of(kWorks, {table_id, index}); }

std::string encode(const Table& table) { return codec::to_json(write(table)); }

std::string encode(const Work& work) {
  return codec::to_json(json::object{
      {"kind", name_of(kKinds, work.kind)}, {"table", write(work.table)}, {"index", work.index}});
}

std::string encode(const Stream& stream) {
  json::object out{{"table", write(stream.table)}, {"began", to_epoch_ms(stream.began_at)}};
  if (stream.ended_at) out["ended"] = to_epoch_ms(*stream.ended_at);
  return codec::to_json(out);
}

Result<Table> decode_table(std::string_view row) { return decode(row, read_table); }

Result<Work> decode_work(std::string_view row) {
  return decode(row, [](const json::object& from) {
    return Work{value_of<Work::Kind>(kKinds, from.at("kind")), read_table(from.at("table").as_object()),
                text_of(from, "index")};
  });
}

Result<Stream> decode_stream(std::string_view row) {
  return decode(row, [](const json::object& from) {
    Stream out{read_table(from.at("table").as_object()), from_epoch_ms(from.at("began").to_number<std::int64_t>())};
    if (const auto* ended = from.if_contains("ended")) out.ended_at = from_epoch_ms(ended->to_number<std::int64_t>());
    return out;
  });
}

}  // namespace gust::tables::table_rows
