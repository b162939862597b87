// Tables of DynamoDB, each brought to a wanted state.
#include "cli/deploy/services.h"

#include "codec/json.h"

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLook{200};
constexpr int kLooks = 9'000;  // half an hour: an index over many items takes its time

std::string text_of(const json::value& object, std::string_view name) {
  const auto* value = object.is_object() ? object.get_object().if_contains(name) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Whether nothing of the table or its indexes is on the way.
bool settled(const json::object& described) {
  if (text_of(described, "TableStatus") != "ACTIVE") return false;
  const auto* indexes = described.if_contains("GlobalSecondaryIndexes");
  if (indexes == nullptr || !indexes->is_array()) return true;
  return std::ranges::all_of(indexes->get_array(),
                             [](const json::value& one) { return text_of(one, "IndexStatus") == "ACTIVE"; });
}

std::optional<TableState::Recovery> recovery_told(const json::value& description) {
  const auto& told = description.at("PointInTimeRecoveryDescription");
  if (text_of(told, "PointInTimeRecoveryStatus") != "ENABLED") return std::nullopt;
  TableState::Recovery out;
  if (const auto* days = told.get_object().if_contains("RecoveryPeriodInDays"); days != nullptr && days->is_int64())
    out.days = days->get_int64();
  return out;
}

json::array tag_list(const std::map<std::string, std::string>& tags) {
  json::array out;
  for (const auto& [key, value] : tags) out.push_back(json::object{{"Key", key}, {"Value", value}});
  return out;
}

}  // namespace

Result<json::object> Services::table_call(std::string_view operation, const json::object& body, std::string_view what) {
  Call call{.method = "POST", .service = "dynamodb", .body = codec::to_json(body)};
  call.headers = {{"Content-Type", "application/x-amz-json-1.0"},
                  {"X-Amz-Target", fmt::format("DynamoDB_20120810.{}", operation)}};
  auto answer = remote_.send(call);
  if (answer && error_code(*answer).ends_with("ResourceNotFoundException"))
    return fail(Code::kNotFound, fmt::format("{}: it is not there", what), "table");
  GUST_TRY(const auto good, expect_ok(std::move(answer), what));
  GUST_TRY(auto parsed, codec::parse_json(good.body.empty() ? "{}" : good.body));
  return parsed.is_object() ? std::move(parsed.get_object()) : json::object();
}

Result<std::optional<TableState>> Services::read_table(const std::string& name) {
  const json::object of{{"TableName", name}};
  auto described = table_call("DescribeTable", of, fmt::format("look for the table {}", name));
  if (!described && described.error().code == Code::kNotFound) return std::nullopt;
  if (!described) return std::unexpected(std::move(described).error());
  auto out = table_state(described->at("Table").as_object());
  GUST_TRY(const auto ttl, table_call("DescribeTimeToLive", of, fmt::format("read the time to live of {}", name)));
  if (const auto* told = ttl.if_contains("TimeToLiveDescription");
      told != nullptr && text_of(*told, "TimeToLiveStatus").starts_with("ENABL"))
    out.ttl_attribute = text_of(*told, "AttributeName");
  GUST_TRY(const auto backups, table_call("DescribeContinuousBackups", of, fmt::format("read how {} is kept", name)));
  out.recovery = recovery_told(backups.at("ContinuousBackupsDescription"));
  json::object asked{{"ResourceArn", out.arn}};
  for (;;) {
    GUST_TRY(const auto page, table_call("ListTagsOfResource", asked, fmt::format("read the tags of {}", name)));
    if (const auto* tags = page.if_contains("Tags"); tags != nullptr && tags->is_array()) {
      for (const auto& tag : tags->get_array()) out.tags[text_of(tag, "Key")] = text_of(tag, "Value");
    }
    const auto next = text_of(page, "NextToken");
    if (next.empty()) return out;
    asked["NextToken"] = next;
  }
}

Result<void> Services::wait_for_table(const std::string& name, const Progress& progress) {
  for (int look = 0; look < kLooks; ++look) {
    GUST_TRY(const auto described, table_call("DescribeTable", {{"TableName", name}},
                                              fmt::format("look for the table {}", name)));
    if (settled(described.at("Table").as_object())) return {};
    progress(look == 0 ? fmt::format("waiting for the table {}", name) : "");
    std::this_thread::sleep_for(kLook);
  }
  return fail(Code::kTimeout, fmt::format("the table {} is not ready yet", name), "table");
}

Result<void> Services::set_time_to_live(const std::string& table, const std::string& attribute,
                                        TimeToLive wanted) {
  json::object specification{{"AttributeName", attribute}, {"Enabled", wanted == TimeToLive::kOn}};
  GUST_CHECK(table_call("UpdateTimeToLive", {{"TableName", table}, {"TimeToLiveSpecification", specification}},
                        fmt::format("set the time to live of the table {}", table)));
  return {};
}

Result<void> Services::set_recovery(const std::string& table, const std::optional<TableState::Recovery>& wanted) {
  json::object specification{{"PointInTimeRecoveryEnabled", wanted.has_value()}};
  if (wanted && wanted->days) specification["RecoveryPeriodInDays"] = *wanted->days;
  GUST_CHECK(table_call("UpdateContinuousBackups",
                        {{"TableName", table}, {"PointInTimeRecoverySpecification", specification}},
                        fmt::format("set the point-in-time recovery of the table {}", table)));
  return {};
}

Result<void> Services::create_table(const TableState& wanted, const Progress& progress) {
  auto body = wanted.settings;
  body["TableName"] = wanted.name;
  if (!wanted.tags.empty()) body["Tags"] = tag_list(wanted.tags);
  GUST_CHECK(table_call("CreateTable", body, fmt::format("create the table {}", wanted.name)));
  GUST_CHECK(wait_for_table(wanted.name, progress));
  if (wanted.recovery) GUST_CHECK(set_recovery(wanted.name, wanted.recovery));
  if (wanted.ttl_attribute.empty()) return {};
  return set_time_to_live(wanted.name, wanted.ttl_attribute, TimeToLive::kOn);
}

Result<void> Services::update_table(const TableState& was, const TableState& wanted, const Progress& progress) {
  for (const auto& update : table_updates(was, wanted)) {
    GUST_CHECK(table_call("UpdateTable", update, fmt::format("update the table {}", wanted.name)));
    GUST_CHECK(wait_for_table(wanted.name, progress));
  }
  if (was.ttl_attribute != wanted.ttl_attribute) {
    if (!was.ttl_attribute.empty()) GUST_CHECK(set_time_to_live(wanted.name, was.ttl_attribute, TimeToLive::kOff));
    if (!wanted.ttl_attribute.empty()) GUST_CHECK(set_time_to_live(wanted.name, wanted.ttl_attribute, TimeToLive::kOn));
  }
  const bool same_days = !wanted.recovery || !wanted.recovery->days || was.recovery == wanted.recovery;
  if (was.recovery.has_value() != wanted.recovery.has_value() || !same_days)
    GUST_CHECK(set_recovery(wanted.name, wanted.recovery));
  json::array gone;
  for (const auto& [key, value] : was.tags) {
    if (!wanted.tags.contains(key)) gone.emplace_back(key);
  }
  const auto what = fmt::format("tag the table {}", wanted.name);
  if (!gone.empty())
    GUST_CHECK(table_call("UntagResource", {{"ResourceArn", was.arn}, {"TagKeys", gone}}, what));
  if (was.tags == wanted.tags || wanted.tags.empty()) return {};
  GUST_CHECK(table_call("TagResource", {{"ResourceArn", was.arn}, {"Tags", tag_list(wanted.tags)}}, what));
  return {};
}

Result<void> Services::delete_table(const std::string& name) {
  GUST_TRY(const auto there, read_table(name));
  if (!there) return {};
  if (const auto* kept = there->settings.if_contains("DeletionProtectionEnabled");
      kept != nullptr && kept->is_bool() && kept->get_bool())
    return fail(Code::kPrecondition, fmt::format("the table {} is protected against deletion", name), "protected");
  GUST_CHECK(table_call("DeleteTable", {{"TableName", name}}, fmt::format("delete the table {}", name)));
  return {};
}

}  // namespace gust::cli
