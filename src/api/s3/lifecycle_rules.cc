#include "api/s3/lifecycle_rules.h"

#include "api/s3/shared.h"
#include "api/s3/tags.h"
#include "objects/lifecycle.h"

#include <fmt/format.h>

#include <set>

namespace gust::api {
namespace {

constexpr std::size_t kMaxRules = 1000, kMaxId = 255;

std::unexpected<wire::Fault> invalid(std::string message) {
  return wire::fault("InvalidArgument", std::move(message), {}, 400);
}

bool at_midnight(WallTime time) { return std::chrono::floor<std::chrono::days>(time) == time; }

wire::Reply<void> check_filter(const s3::LifecycleRule& rule) {
  if (rule.filter && rule.prefix) return malformed_xml();
  if (!rule.filter) return rule.prefix ? wire::Reply<void>() : malformed_xml();
  const auto& filter = *rule.filter;
  const int given = (filter.prefix ? 1 : 0) + (filter.tag ? 1 : 0) + (filter.and_ ? 1 : 0) +
                    (filter.object_size_greater_than ? 1 : 0) + (filter.object_size_less_than ? 1 : 0);
  if (given > 1) return malformed_xml();
  if (filter.tag) GUST_CHECK(check_tags({*filter.tag}, Tagged::kObject));
  if (!filter.and_ || !filter.and_->tags) return {};
  std::set<std::string> keys;
  for (const auto& tag : *filter.and_->tags) {
    if (!keys.insert(tag.key).second)
      return wire::fault("InvalidRequest", "Duplicate Tag Keys are not allowed.", {}, 400);
  }
  GUST_CHECK(check_tags(*filter.and_->tags, Tagged::kObject));
  return {};
}

wire::Reply<void> check_expiration(const s3::LifecycleExpiration& expiration, bool has_tags) {
  const int given =
      (expiration.date ? 1 : 0) + (expiration.days ? 1 : 0) + (expiration.expired_object_delete_marker ? 1 : 0);
  if (given != 1) return malformed_xml();
  if (expiration.days && *expiration.days <= 0)
    return invalid("'Days' for Expiration action must be a positive integer");
  if (expiration.date && !at_midnight(*expiration.date)) return invalid("'Date' must be at midnight GMT");
  if (expiration.expired_object_delete_marker && has_tags) {
    return wire::fault("InvalidRequest", "ExpiredObjectDeleteMarker cannot be specified with Object tags in the filter",
                       {}, 400);
  }
  return {};
}

wire::Reply<void> check_noncurrent(const s3::NoncurrentVersionExpiration& expiration) {
  if (!expiration.noncurrent_days) return malformed_xml();
  if (*expiration.noncurrent_days <= 0)
    return invalid("'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer");
  constexpr int kMostKept = 100;
  if (expiration.newer_noncurrent_versions &&
      (*expiration.newer_noncurrent_versions <= 0 || *expiration.newer_noncurrent_versions > kMostKept))
    return invalid("'NewerNoncurrentVersions' must be between 1 and 100");
  return {};
}

// What an object spends in STANDARD before these classes take it.
int fewest_days(const std::string& storage_class) {
  constexpr int kInfrequent = 30;
  return storage_class == "STANDARD_IA" || storage_class == "ONEZONE_IA" ? kInfrequent : 0;
}

wire::Reply<void> check_transitions(const s3::LifecycleRule& rule) {
  static const std::set<std::string> kClasses = {"GLACIER",    "STANDARD_IA",  "INTELLIGENT_TIERING",
                                                 "ONEZONE_IA", "DEEP_ARCHIVE", "GLACIER_IR"};
  for (const auto& one : rule.transitions.value_or(std::vector<s3::Transition>())) {
    if (!one.storage_class || !kClasses.contains(*one.storage_class)) return malformed_xml();
    if (one.days.has_value() == one.date.has_value()) return malformed_xml();
    if (one.days && *one.days < 0) return invalid("'Days' for Transition action must be nonnegative");
    if (one.days && *one.days < fewest_days(*one.storage_class)) {
      return invalid(
          fmt::format("'Days' in Transition action must be greater than or equal to {} for storageClass '{}'",
                      fewest_days(*one.storage_class), *one.storage_class));
    }
    if (one.date && !at_midnight(*one.date)) return invalid("'Date' must be at midnight GMT");
  }
  for (const auto& one : rule.noncurrent_version_transitions.value_or(std::vector<s3::NoncurrentVersionTransition>())) {
    if (!one.storage_class || !kClasses.contains(*one.storage_class)) return malformed_xml();
    if (!one.noncurrent_days || *one.noncurrent_days < 0)
      return invalid("'NoncurrentDays' for NoncurrentVersionTransition action must be nonnegative");
  }
  return {};
}

wire::Reply<void> check_rule(const s3::LifecycleRule& rule) {
  if (rule.status != "Enabled" && rule.status != "Disabled") return malformed_xml();
  GUST_CHECK(check_filter(rule));
  const bool has_tags = rule.filter && (rule.filter->tag || (rule.filter->and_ && rule.filter->and_->tags));
  const bool acts = rule.expiration || rule.noncurrent_version_expiration || rule.abort_incomplete_multipart_upload ||
                    rule.transitions || rule.noncurrent_version_transitions;
  if (!acts) {
    return wire::fault("InvalidRequest", "At least one action needs to be specified in a rule.", {}, 400);
  }
  if (rule.expiration) GUST_CHECK(check_expiration(*rule.expiration, has_tags));
  if (rule.noncurrent_version_expiration) GUST_CHECK(check_noncurrent(*rule.noncurrent_version_expiration));
  if (rule.abort_incomplete_multipart_upload) {
    if (rule.abort_incomplete_multipart_upload->days_after_initiation.value_or(0) <= 0)
      return invalid("'DaysAfterInitiation' for AbortIncompleteMultipartUpload action must be a positive integer");
    if (has_tags) {
      return wire::fault("InvalidRequest",
                         "AbortIncompleteMultipartUpload cannot be specified with Object tags in the filter", {}, 400);
    }
  }
  return check_transitions(rule);
}

}  // namespace

wire::Reply<void> check_lifecycle(s3::BucketLifecycleConfiguration& configuration, const std::string& ids) {
  if (configuration.rules.empty() || configuration.rules.size() > kMaxRules) return malformed_xml();
  std::set<std::string> seen;
  int number = 0;
  for (auto& rule : configuration.rules) {
    GUST_CHECK(check_rule(rule));
    if (!rule.id || rule.id->empty()) rule.id = fmt::format("{}-{}", ids, ++number);
    if (rule.id->size() > kMaxId)
      return invalid(fmt::format("ID length should not exceed allowed limit of {}", kMaxId));
    if (!seen.insert(*rule.id).second) {
      return wire::fault("InvalidArgument", "Rule ID must be unique. Found same ID for more than one rule",
                         {{"ArgumentName", "ID"}, {"ArgumentValue", *rule.id}}, 400);
    }
  }
  return {};
}

std::optional<std::string> expiration_header(const objects::Bucket& bucket, const objects::Object& object) {
  const auto text = bucket.configuration("lifecycle");
  const bool current = object.noncurrent_at == WallTime{};
  if (text.empty() || !current) return std::nullopt;
  const auto rules = objects::parse_lifecycle(text);
  if (!rules) return std::nullopt;
  const auto due = objects::expiration(*rules, object, {});
  return due ? std::optional(objects::expiration_text(*due)) : std::nullopt;
}

std::optional<Abortion> abortion_of(const objects::Bucket& bucket, const objects::Upload& upload) {
  const auto text = bucket.configuration("lifecycle");
  if (text.empty()) return std::nullopt;
  const auto rules = objects::parse_lifecycle(text);
  if (!rules) return std::nullopt;
  const auto due = objects::abortion(*rules, upload);
  return due ? std::optional(Abortion{due->at, due->rule->id}) : std::nullopt;
}

}  // namespace gust::api
