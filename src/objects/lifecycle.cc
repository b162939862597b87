#include "objects/lifecycle.h"

#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::objects {
namespace {

namespace json = boost::json;
using std::chrono::days;

const json::object* object_in(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  return value != nullptr ? value->if_object() : nullptr;
}

std::string text_in(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  const auto* text = value != nullptr ? value->if_string() : nullptr;
  return text != nullptr ? std::string(*text) : std::string();
}

std::optional<std::int64_t> number_in(const json::object& from, std::string_view name) {
  const auto* value = from.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::optional<int> days_in(const json::object& from, std::string_view name) {
  const auto number = number_in(from, name);
  return number ? std::optional(static_cast<int>(*number)) : std::nullopt;
}

void add_tag(const json::value& tag, LifecycleFilter& filter) {
  if (const auto* object = tag.if_object()) filter.tags[text_in(*object, "Key")] = text_in(*object, "Value");
}

// A filter, or what is in its And: the members are the same.
void add_filter(const json::object& from, LifecycleFilter& filter) {
  if (from.contains("Prefix")) filter.prefix = text_in(from, "Prefix");
  if (const auto n = number_in(from, "ObjectSizeGreaterThan")) filter.larger_than = static_cast<std::uint64_t>(*n);
  if (const auto n = number_in(from, "ObjectSizeLessThan")) filter.smaller_than = static_cast<std::uint64_t>(*n);
  if (const auto* tag = from.if_contains("Tag")) add_tag(*tag, filter);
  const auto* tags = from.if_contains("Tags");
  if (tags != nullptr && tags->is_array()) {
    for (const auto& tag : tags->get_array()) add_tag(tag, filter);
  }
  if (const auto* all = object_in(from, "And")) add_filter(*all, filter);
}

LifecycleRule parse_rule(const json::object& from) {
  LifecycleRule rule;
  rule.id = text_in(from, "ID");
  rule.filter.prefix = text_in(from, "Prefix");
  if (const auto* filter = object_in(from, "Filter")) add_filter(*filter, rule.filter);
  if (const auto* expires = object_in(from, "Expiration")) {
    rule.days = days_in(*expires, "Days");
    if (const auto* date = object_in(*expires, "Date")) {
      if (const auto ms = number_in(*date, "$time")) rule.date = from_epoch_ms(*ms);
    }
    const auto* markers = expires->if_contains("ExpiredObjectDeleteMarker");
    rule.expired_markers = markers != nullptr && markers->is_bool() && markers->get_bool();
  }
  if (const auto* older = object_in(from, "NoncurrentVersionExpiration")) {
    rule.noncurrent_days = days_in(*older, "NoncurrentDays");
    rule.newer_noncurrent = static_cast<std::size_t>(number_in(*older, "NewerNoncurrentVersions").value_or(0));
  }
  if (const auto* uploads = object_in(from, "AbortIncompleteMultipartUpload"))
    rule.abort_days = days_in(*uploads, "DaysAfterInitiation");
  return rule;
}

bool is_of_any_size(const LifecycleFilter& filter) { return !filter.larger_than && !filter.smaller_than; }

bool fits(const LifecycleFilter& filter, const Object& object) {
  if (!object.key.str().starts_with(filter.prefix)) return false;
  // A marker has neither tags nor a size.
  if (object.kind == VersionKind::kDeleteMarker) return filter.tags.empty() && is_of_any_size(filter);
  if (filter.larger_than && object.size <= *filter.larger_than) return false;
  if (filter.smaller_than && object.size >= *filter.smaller_than) return false;
  return std::ranges::all_of(filter.tags, [&](const auto& tag) {
    const auto it = object.tags.find(tag.first);
    return it != object.tags.end() && it->second == tag.second;
  });
}

// When this rule ends the version, if ever.
std::optional<WallTime> when(const LifecycleRule& rule, const Object& object, Rank rank) {
  const bool marker = object.kind == VersionKind::kDeleteMarker;
  if (rank.standing == Standing::kNoncurrent) {
    if (!rule.noncurrent_days || rank.newer < rule.newer_noncurrent) return std::nullopt;
    return due_after(object.noncurrent_at, *rule.noncurrent_days);
  }
  if (marker && rank.standing != Standing::kAlone) return std::nullopt;
  if (marker && rule.expired_markers) return object.modified_at;
  if (rule.days) return due_after(object.modified_at, *rule.days);
  return rule.date;
}

void keep_earlier(std::optional<Due>& first, WallTime at, const LifecycleRule& rule) {
  if (!first || at < first->at) first = Due{at, &rule};
}

}  // namespace

Result<std::vector<LifecycleRule>> parse_lifecycle(std::string_view text) {
  const auto document = codec::parse_json(text);
  const auto* whole = document ? document->if_object() : nullptr;
  const auto* rules = whole != nullptr ? whole->if_contains("Rules") : nullptr;
  if (rules == nullptr || !rules->is_array()) return fail(Code::kCorrupt, "a lifecycle configuration has no rules");
  std::vector<LifecycleRule> out;
  for (const auto& one : rules->get_array()) {
    if (!one.is_object()) return fail(Code::kCorrupt, "a lifecycle rule is not an object");
    if (text_in(one.get_object(), "Status") == "Enabled") out.push_back(parse_rule(one.get_object()));
  }
  return out;
}

WallTime due_after(WallTime since, int count) {
  return std::chrono::floor<days>(since) + days(count) + days(1);
}

std::optional<Due> expiration(std::span<const LifecycleRule> rules, const Object& object, Rank rank) {
  std::optional<Due> first;
  for (const auto& rule : rules) {
    if (!fits(rule.filter, object)) continue;
    if (const auto at = when(rule, object, rank)) keep_earlier(first, *at, rule);
  }
  return first;
}

std::optional<Due> abortion(std::span<const LifecycleRule> rules, const Upload& upload) {
  std::optional<Due> first;
  for (const auto& rule : rules) {
    const bool for_uploads = rule.abort_days && rule.filter.tags.empty() && is_of_any_size(rule.filter);
    if (!for_uploads || !upload.key.str().starts_with(rule.filter.prefix)) continue;
    keep_earlier(first, due_after(upload.started_at, *rule.abort_days), rule);
  }
  return first;
}

bool is_locked(const Object& object, WallTime now) {
  return object.lock.legal_hold || (object.lock.mode != LockMode::kNone && object.lock.until > now);
}

std::string expiration_text(const Due& due) {
  return fmt::format("expiry-date=\"{}\", rule-id=\"{}\"", codec::to_http_date(due.at),
                     codec::percent_encode(due.rule->id));
}

}  // namespace gust::objects
