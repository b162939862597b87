#include "events/notification.h"

#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gust::events {
namespace {

namespace json = boost::json;

std::string text(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Lists of a configuration, and where each names its destination.
constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kDestinations = {{
    {"LambdaFunctionConfigurations", "LambdaFunctionArn"},
    {"QueueConfigurations", "QueueArn"},
    {"TopicConfigurations", "TopicArn"},
}};

// What the service does by itself has it as who asked, and from where.
constexpr std::string_view kService = "s3.amazonaws.com";

bool is_by_service(std::string_view name) { return name.starts_with("LifecycleExpiration:"); }

// The newer members of a record are those of versions after 2.1, which the service documents for each kind.
std::string_view version_of(std::string_view name) {
  const bool newer = is_by_service(name) || name.starts_with("ObjectTagging:") || name.starts_with("ObjectAcl:");
  return newer ? "2.3" : "2.1";
}

bool event_fits(std::string_view wanted, std::string_view name) {
  if (wanted.starts_with("s3:")) wanted.remove_prefix(3);
  if (wanted.ends_with("*")) return name.starts_with(wanted.substr(0, wanted.size() - 1));
  return wanted == name;
}

bool names_event(const json::object& configuration, std::string_view name) {
  const auto* wanted = configuration.if_contains("Events");
  if (wanted == nullptr || !wanted->is_array()) return false;
  return std::ranges::any_of(wanted->get_array(), [&](const json::value& event) {
    return event.is_string() && event_fits(event.get_string(), name);
  });
}

std::string lower(std::string name) {
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return name;
}

bool filter_fits(const json::object& configuration, std::string_view key) {
  const auto* filter = configuration.if_contains("Filter");
  const auto* by_key = filter != nullptr && filter->is_object() ? filter->get_object().if_contains("Key") : nullptr;
  const auto* rules =
      by_key != nullptr && by_key->is_object() ? by_key->get_object().if_contains("FilterRules") : nullptr;
  if (rules == nullptr || !rules->is_array()) return true;
  return std::ranges::all_of(rules->get_array(), [&](const json::value& rule) {
    if (!rule.is_object()) return true;
    const auto given = text(rule.get_object(), "Value");
    // The service documents that filters are written as in a form: + is a space.
    const auto value = codec::percent_decode(given, codec::Plus::kIsSpace).value_or(given);
    return lower(text(rule.get_object(), "Name")) == "prefix" ? key.starts_with(value) : key.ends_with(value);
  });
}

// The key as events have it: form-encoded, with + for a space and slashes kept.
std::string encoded_key(const std::string& key) {
  auto out = codec::percent_encode(key, codec::Slash::kKeep);
  for (std::size_t at = 0; (at = out.find("%20", at)) != std::string::npos;) out.replace(at, 3, "+");
  return out;
}

}  // namespace

std::string encode(const ObjectRecord& record) {
  return codec::to_json(json::object{{"id", record.event_id},
                                     {"name", record.name},
                                     {"bucket", record.bucket},
                                     {"owner", record.bucket_owner},
                                     {"region", record.region},
                                     {"configuration", record.configuration},
                                     {"key", record.key},
                                     {"size", record.size},
                                     {"etag", record.etag},
                                     {"sequence", record.sequence},
                                     {"at", to_epoch_ms(record.at)},
                                     {"request", record.request_id},
                                     {"ip", record.source_ip},
                                     {"requester", record.requester},
                                     {"trace", record.trace_id},
                                     {"version", record.version_id}});
}

Result<ObjectRecord> decode(std::string_view row) {
  const auto document = codec::parse_json(row);
  if (!document || !document->is_object()) return fail(Code::kCorrupt, "a row of the outbox is not JSON");
  const auto& object = document->get_object();
  try {
    return ObjectRecord{text(object, "id"),
                        text(object, "name"),
                        text(object, "bucket"),
                        text(object, "owner"),
                        text(object, "region"),
                        text(object, "configuration"),
                        text(object, "key"),
                        object.at("size").to_number<std::uint64_t>(),
                        text(object, "etag"),
                        object.at("sequence").to_number<std::uint64_t>(),
                        from_epoch_ms(object.at("at").to_number<std::int64_t>()),
                        text(object, "request"),
                        text(object, "ip"),
                        text(object, "requester"),
                        text(object, "trace"),  // older rows lack this and what follows
                        text(object, "version")};
  } catch (const std::exception& e) {
    return fail(Code::kCorrupt, std::string("a row of the outbox lacks something: ") + e.what());
  }
}

Result<std::vector<Match>> match(const ObjectRecord& record) {
  std::vector<Match> out;
  GUST_TRY(const auto document, codec::parse_json(record.configuration));
  if (!document.is_object()) return out;
  for (const auto& [kind, arn] : kDestinations) {
    const auto* list = document.get_object().if_contains(kind);
    if (list == nullptr || !list->is_array()) continue;
    for (const auto& item : list->get_array()) {
      if (!item.is_object()) return fail(Code::kCorrupt, "a notification configuration is not an object");
      const auto& configuration = item.get_object();
      if (names_event(configuration, record.name) && filter_fits(configuration, record.key))
        out.push_back({text(configuration, "Id"), text(configuration, arn)});
    }
  }
  return out;
}

std::string to_message(const ObjectRecord& record, const Match& match) {
  json::object thing{{"key", encoded_key(record.key)}};
  if (record.name.starts_with("ObjectCreated")) {
    thing["size"] = record.size;
    thing["eTag"] = record.etag;
  } else if (record.name.starts_with("ObjectTagging") || record.name.starts_with("ObjectAcl")) {
    thing["eTag"] = record.etag;
  }
  if (!record.version_id.empty()) thing["versionId"] = record.version_id;
  thing["sequencer"] = fmt::format("{:016X}", record.sequence);
  json::object s3{{"s3SchemaVersion", "1.0"},
                  {"configurationId", match.configuration_id},
                  {"bucket", json::object{{"name", record.bucket},
                                          {"ownerIdentity", json::object{{"principalId", record.bucket_owner}}},
                                          {"arn", "arn:aws:s3:::" + record.bucket}}},
                  {"object", std::move(thing)}};
  const bool by_service = is_by_service(record.name);
  json::object event{
      {"eventVersion", version_of(record.name)},
      {"eventSource", "aws:s3"},
      {"awsRegion", record.region},
      {"eventTime", codec::to_iso8601_ms(record.at)},
      {"eventName", record.name},
      {"userIdentity",
       json::object{{"principalId", by_service ? std::string(kService) : "AWS:" + record.requester}}},
      {"requestParameters",
       json::object{{"sourceIPAddress", by_service ? std::string(kService) : record.source_ip}}},
      {"responseElements", json::object{{"x-amz-request-id", record.request_id}, {"x-amz-id-2", record.request_id}}},
      {"s3", std::move(s3)}};
  return codec::to_json(json::object{{"Records", json::array{std::move(event)}}});
}

}  // namespace gust::events
