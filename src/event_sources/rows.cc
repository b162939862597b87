#include "event_sources/rows.h"

#include "codec/json.h"
#include "kv/key.h"

#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>

namespace gust::event_sources::rows {
namespace {

namespace json = codec::json;

std::string key_of(std::string_view prefix, std::initializer_list<std::string_view> parts) {
  std::string key(prefix);
  for (const auto part : parts) kv::append_text(key, part);
  return key;
}

json::object to_json(const Settings& settings) {
  return {{"batch_size", settings.batch_size},
          {"window_s", settings.window_s},
          {"lanes", settings.lanes},
          {"max_retries", settings.max_retries},
          {"max_age_s", settings.max_age_s},
          {"bisects", settings.bisects},
          {"reports_failures", settings.reports_failures},
          {"filters", json::value_from(settings.filters)},
          {"on_failure", settings.on_failure},
          {"metrics", json::value_from(settings.metrics)}};
}

Settings settings_of(const json::object& row) {
  using Texts = std::vector<std::string>;
  Settings out;
  out.batch_size = row.at("batch_size").to_number<std::uint32_t>();
  out.window_s = row.at("window_s").to_number<std::uint32_t>();
  out.lanes = row.at("lanes").to_number<std::uint32_t>();
  out.max_retries = row.at("max_retries").to_number<std::int32_t>();
  out.max_age_s = row.at("max_age_s").to_number<std::int32_t>();
  out.bisects = row.at("bisects").as_bool();
  out.reports_failures = row.at("reports_failures").as_bool();
  out.filters = json::value_to<Texts>(row.at("filters"));
  out.on_failure = row.at("on_failure").as_string();
  out.metrics = json::value_to<Texts>(row.at("metrics"));
  return out;
}

Mapping mapping_of(const json::object& row) {
  const auto text = [&](const char* name) { return std::string(row.at(name).as_string()); };
  Mapping out;
  out.account = AccountId(text("account"));
  out.id = text("id");
  out.region = text("region");
  out.source_arn = text("source");
  out.function_arn = text("function");
  out.start = text("start") == "LATEST" ? StartAt::kLatest : StartAt::kOldest;
  out.enabled = row.at("enabled").as_bool();
  out.settings = settings_of(row.at("settings").as_object());
  out.tags = json::value_to<std::map<std::string, std::string>>(row.at("tags"));
  out.modified_at = from_epoch_ms(row.at("modified").to_number<std::int64_t>());
  return out;
}

template <typename T>
Result<T> decode(std::string_view bytes, T (*of)(const json::object&)) {
  const auto document = codec::parse_json(bytes);
  if (!document || !document->is_object())
    return fail(Code::kCorrupt, "the row of an event source mapping is not JSON");
  try {
    return of(document->get_object());
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("the row of an event source mapping lacks something: ") + e.what());
  }
}

Checkpoint checkpoint_of(const json::object& row) {
  return {std::string(row.at("position").as_string()), std::string(row.at("result").as_string())};
}

}  // namespace

std::string mappings_prefix(const AccountId& account) { return key_of(kMappings, {account.str()}); }
std::string mapping_key(const AccountId& account, std::string_view id) {
  return key_of(kMappings, {account.str(), id});
}
std::string pair_key(const Mapping& mapping) {
  return key_of("es/p/", {mapping.account.str(), mapping.function_arn, mapping.source_arn});
}
std::string checkpoints_prefix(std::string_view id) { return key_of("es/c/", {id}); }
std::string checkpoint_key(std::string_view id, std::string_view shard) { return key_of("es/c/", {id, shard}); }

std::string encode(const Mapping& mapping) {
  return codec::to_json(json::object{{"account", mapping.account.str()},
                                     {"id", mapping.id},
                                     {"region", mapping.region},
                                     {"source", mapping.source_arn},
                                     {"function", mapping.function_arn},
                                     {"start", mapping.start == StartAt::kLatest ? "LATEST" : "TRIM_HORIZON"},
                                     {"enabled", mapping.enabled},
                                     {"settings", to_json(mapping.settings)},
                                     {"tags", json::value_from(mapping.tags)},
                                     {"modified", to_epoch_ms(mapping.modified_at)}});
}

std::string encode(const Checkpoint& checkpoint) {
  return codec::to_json(json::object{{"position", checkpoint.position}, {"result", checkpoint.result}});
}

Result<Mapping> decode_mapping(std::string_view row) { return decode(row, mapping_of); }
Result<Checkpoint> decode_checkpoint(std::string_view row) { return decode(row, checkpoint_of); }

}  // namespace gust::event_sources::rows
