#include "event_sources/answer.h"

#include "codec/json.h"
#include "codec/time_format.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::event_sources {
namespace {

namespace json = codec::json;

// The index of the record that an entry of batchItemFailures names; 0 for what names none.
std::size_t named(const std::vector<Record>& records, const json::value& entry) {
  const auto* object = entry.if_object();
  const auto* id = object != nullptr ? object->if_contains("itemIdentifier") : nullptr;
  if (id == nullptr || !id->is_string()) return 0;
  const std::string_view position = id->get_string();
  const auto it = std::ranges::find(records, position, &Record::position);
  return it == records.end() ? 0 : static_cast<std::size_t>(it - records.begin());
}

std::size_t reported(const std::vector<Record>& records, const std::string& payload) {
  const auto all = records.size();
  const auto answer = codec::parse_json(payload, 64);
  if (!answer) return 0;
  if (answer->is_null()) return all;
  if (answer->is_string()) return answer->get_string().empty() ? all : 0;
  if (answer->is_array()) return answer->get_array().empty() ? all : 0;
  const auto* object = answer->if_object();
  if (object == nullptr) return 0;
  const auto* failures = object->if_contains("batchItemFailures");
  if (failures == nullptr || failures->is_null()) return all;
  if (!failures->is_array()) return 0;
  std::size_t first = all;
  for (const auto& entry : failures->get_array()) first = std::min(first, named(records, entry));
  return first;
}

std::string to_seconds(WallTime time) { return codec::to_iso8601(std::chrono::floor<std::chrono::seconds>(time)); }

}  // namespace

std::string to_event(const std::vector<Record>& records) {
  std::string out = R"({"Records":[)";
  for (const auto& record : records) {
    if (out.back() != '[') out += ',';
    out += record.json;
  }
  return out += "]}";
}

std::size_t first_failed(const std::vector<Record>& records, const Settings& settings, const Target::Answer& answer) {
  if (!answer.function_error.empty()) return 0;
  return settings.reports_failures ? reported(records, answer.payload) : records.size();
}

std::string to_failure(const Mapping& mapping, const Abandoned& abandoned, WallTime now) {
  const auto &first = abandoned.records.front(), &last = abandoned.records.back();
  json::object out{
      {"requestContext",
       json::object{{"requestId", abandoned.request_id},
                    {"functionArn", mapping.function_arn},
                    {"condition", abandoned.why == GivenUp::kAge ? "RecordAgeExceeded" : "RetryAttemptsExhausted"},
                    {"approximateInvokeCount", abandoned.attempts}}}};
  if (abandoned.answer) {
    json::object response{{"statusCode", 200}, {"executedVersion", abandoned.answer->executed_version}};
    if (!abandoned.answer->function_error.empty()) response["functionError"] = abandoned.answer->function_error;
    out["responseContext"] = std::move(response);
  }
  out["version"] = "1.0";
  out["timestamp"] = codec::to_iso8601_ms(now);
  out["DDBStreamBatchInfo"] = json::object{{"shardId", abandoned.shard},
                                           {"startSequenceNumber", first.position},
                                           {"endSequenceNumber", last.position},
                                           {"approximateArrivalOfFirstRecord", to_seconds(first.at)},
                                           {"approximateArrivalOfLastRecord", to_seconds(last.at)},
                                           {"batchSize", abandoned.records.size()},
                                           {"streamArn", mapping.source_arn}};
  out["payload"] = to_event(abandoned.records);
  return codec::to_json(out);
}

std::string failure_name(const Mapping& mapping, const Abandoned& abandoned, WallTime now) {
  auto time = to_seconds(now).substr(0, 19);  // 2026-01-31T12:00:00
  auto day = time.substr(0, 10);
  std::ranges::replace(time, ':', '.');
  std::ranges::replace(day, '-', '/');
  return fmt::format("aws/lambda/{}/{}/{}/{}-{}", mapping.id, abandoned.shard, day, time, abandoned.request_id);
}

}  // namespace gust::event_sources
