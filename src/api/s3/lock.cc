// Object lock, retention and legal hold.
#include "api/s3/lock.h"

#include "api/s3/configuration_text.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"

namespace gust::api {
namespace {

std::unexpected<wire::Fault> no_lock() {
  return wire::fault("InvalidRequest", "Bucket is missing Object Lock Configuration", {}, 400);
}

wire::Reply<objects::LockMode> parse_mode(const std::string& mode) {
  if (mode == "GOVERNANCE") return objects::LockMode::kGovernance;
  if (mode == "COMPLIANCE") return objects::LockMode::kCompliance;
  return wire::fault("InvalidArgument", "Unknown wormMode directive.",
                     {{"ArgumentName", "x-amz-object-lock-mode"}, {"ArgumentValue", mode}}, 400);
}

wire::Reply<void> check_default(const s3::ObjectLockConfiguration& configuration) {
  if (configuration.object_lock_enabled != "Enabled") return malformed_xml();
  if (!configuration.rule) return {};
  if (!configuration.rule->default_retention) return malformed_xml();
  const auto& retention = *configuration.rule->default_retention;
  const auto mode = retention.mode.value_or("");
  if (mode != "GOVERNANCE" && mode != "COMPLIANCE") return malformed_xml();
  if (retention.days.has_value() == retention.years.has_value()) return malformed_xml();
  constexpr int kMostDays = 36'500, kMostYears = 100;
  const auto amount = retention.days ? *retention.days : *retention.years;
  if (amount <= 0) {
    return wire::fault("InvalidArgument", "Default retention period must be a positive integer value.",
                       {{"ArgumentName", retention.days ? "Days" : "Years"}, {"ArgumentValue", std::to_string(amount)}},
                       400);
  }
  if (amount > (retention.days ? kMostDays : kMostYears)) {
    return wire::fault("InvalidArgument", "Default retention period too large",
                       {{"ArgumentName", retention.days ? "Days" : "Years"}, {"ArgumentValue", std::to_string(amount)}},
                       400);
  }
  return {};
}

S3Reply<s3::PutObjectLockConfigurationOutput> put_configuration(const S3Parts& s3, wire::Call call,
                                                                s3::PutObjectLockConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketObjectLockConfiguration", request));
  if (!request.object_lock_configuration) co_return malformed_xml();
  if (bucket.versioning != objects::Versioning::kEnabled) {
    co_return wire::fault("InvalidBucketState",
                          "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration", {}, 409);
  }
  GUST_CO_CHECK(check_default(*request.object_lock_configuration));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "object-lock", to_text(*request.object_lock_configuration)));
  co_return s3::PutObjectLockConfigurationOutput{};
}

S3Reply<s3::GetObjectLockConfigurationOutput> get_configuration(const S3Parts& s3, wire::Call call,
                                                                s3::GetObjectLockConfigurationRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketObjectLockConfiguration", request));
  if (!has_object_lock(bucket)) {
    co_return wire::fault("ObjectLockConfigurationNotFoundError",
                          "Object Lock configuration does not exist for this bucket", {{"BucketName", request.bucket}},
                          404);
  }
  s3::GetObjectLockConfigurationOutput out;
  out.object_lock_configuration = from_text<s3::ObjectLockConfiguration>(bucket.configuration("object-lock"));
  co_return out;
}

// A lock may be made longer or stronger by whoever may set it; weaker only in governance mode, when that is bypassed.
Result<void> check_weaker(const objects::Lock& was, const objects::Lock& now, bool bypass, WallTime at) {
  if (was.mode == objects::LockMode::kNone || was.until <= at) return {};
  const bool shorter = now.mode == objects::LockMode::kNone || now.until < was.until;
  const bool weaker = was.mode == objects::LockMode::kCompliance && now.mode != was.mode;
  const bool other = was.mode == objects::LockMode::kGovernance && now.mode != was.mode;
  if (!shorter && !weaker && !other) return {};
  if (was.mode == objects::LockMode::kGovernance && bypass) return {};
  return fail(Code::kDenied, "Access Denied because object protected by object lock.", "lock");
}

S3Reply<s3::PutObjectRetentionOutput> put_retention(const S3Parts& s3, wire::Call call,
                                                    s3::PutObjectRetentionRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObjectRetention", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  if (!has_object_lock(bucket)) co_return no_lock();
  if (!request.retention) co_return malformed_xml();
  objects::Lock lock;
  const bool cleared = !request.retention->mode && !request.retention->retain_until_date;
  if (!cleared) {
    if (!request.retention->mode || !request.retention->retain_until_date) co_return malformed_xml();
    const auto& mode = *request.retention->mode;
    if (mode != "GOVERNANCE" && mode != "COMPLIANCE") co_return malformed_xml();
    GUST_CO_TRY(lock.mode, parse_mode(mode));
    lock.until = *request.retention->retain_until_date;
    if (lock.until <= s3.now()) {
      co_return wire::fault("InvalidArgument", "The retain until date must be in the future!",
                            {{"ArgumentName", "RetainUntilDate"}}, 400);
    }
  }
  const bool bypass = request.bypass_governance_retention.value_or(false);
  if (bypass) GUST_CO_CHECK(co_await allow_object(s3, call, "s3:BypassGovernanceRetention", request));
  objects::ObjectStore::Change change = [lock, bypass, now = s3.now()](objects::Object& object) -> Result<void> {
    GUST_CHECK(check_weaker(object.lock, lock, bypass, now));
    object.lock.mode = lock.mode;
    object.lock.until = lock.until;
    return {};
  };
  GUST_CO_CHECK(co_await s3.store.update(bucket.name, std::move(key), request.version_id, std::move(change),
                                         std::nullopt, origin_of(call)));
  co_return s3::PutObjectRetentionOutput{};
}

S3Reply<s3::GetObjectRetentionOutput> get_retention(const S3Parts& s3, wire::Call call,
                                                    s3::GetObjectRetentionRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObjectRetention", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  if (!has_object_lock(bucket)) co_return no_lock();
  GUST_CO_TRY(const auto object, co_await s3.store.get(bucket.name, std::move(key), request.version_id));
  if (object.lock.mode == objects::LockMode::kNone) {
    co_return wire::fault("NoSuchObjectLockConfiguration",
                          "The specified object does not have a ObjectLock configuration", {{"Key", request.key}}, 404);
  }
  s3::GetObjectRetentionOutput out;
  out.retention.emplace();
  out.retention->mode = lock_mode_name(object.lock.mode);
  out.retention->retain_until_date = object.lock.until;
  co_return out;
}

S3Reply<s3::PutObjectLegalHoldOutput> put_legal_hold(const S3Parts& s3, wire::Call call,
                                                     s3::PutObjectLegalHoldRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObjectLegalHold", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  if (!has_object_lock(bucket)) co_return no_lock();
  const auto status = request.legal_hold ? request.legal_hold->status.value_or("") : "";
  if (status != "ON" && status != "OFF") co_return malformed_xml();
  objects::ObjectStore::Change change = [on = status == "ON"](objects::Object& object) -> Result<void> {
    object.lock.legal_hold = on;
    return {};
  };
  GUST_CO_CHECK(co_await s3.store.update(bucket.name, std::move(key), request.version_id, std::move(change),
                                         std::nullopt, origin_of(call)));
  co_return s3::PutObjectLegalHoldOutput{};
}

S3Reply<s3::GetObjectLegalHoldOutput> get_legal_hold(const S3Parts& s3, wire::Call call,
                                                     s3::GetObjectLegalHoldRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObjectLegalHold", request));
  GUST_CO_TRY(auto key, check_key(request.key));
  if (!has_object_lock(bucket)) co_return no_lock();
  GUST_CO_TRY(const auto object, co_await s3.store.get(bucket.name, std::move(key), request.version_id));
  s3::GetObjectLegalHoldOutput out;
  out.legal_hold.emplace();
  out.legal_hold->status = object.lock.legal_hold ? "ON" : "OFF";
  co_return out;
}

}  // namespace

bool has_object_lock(const objects::Bucket& bucket) { return bucket.configurations.contains("object-lock"); }

std::string_view lock_mode_name(objects::LockMode mode) {
  return mode == objects::LockMode::kGovernance ? "GOVERNANCE" : "COMPLIANCE";
}

wire::Reply<objects::Lock> lock_of_write(const S3Parts& s3, const objects::Bucket& bucket,
                                         const std::optional<std::string>& mode, const std::optional<WallTime>& until,
                                         const std::optional<std::string>& legal_hold) {
  objects::Lock out;
  if (!has_object_lock(bucket)) {
    if (mode || until || legal_hold) return no_lock();
    return out;
  }
  if (mode.has_value() != until.has_value()) {
    return wire::fault("InvalidArgument",
                       "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied", {}, 400);
  }
  if (legal_hold) {
    if (*legal_hold != "ON" && *legal_hold != "OFF") {
      return wire::fault("InvalidArgument", "Legal Hold must be either of 'ON' or 'OFF'",
                         {{"ArgumentName", "x-amz-object-lock-legal-hold"}, {"ArgumentValue", *legal_hold}}, 400);
    }
    out.legal_hold = *legal_hold == "ON";
  }
  if (mode) {
    GUST_TRY(out.mode, parse_mode(*mode));
    out.until = *until;
    if (out.until <= s3.now()) {
      return wire::fault("InvalidArgument", "The retain until date must be in the future!",
                         {{"ArgumentName", "x-amz-object-lock-retain-until-date"}}, 400);
    }
    return out;
  }
  const auto configuration = from_text<s3::ObjectLockConfiguration>(bucket.configuration("object-lock"));
  if (!configuration.rule || !configuration.rule->default_retention) return out;
  const auto& given = *configuration.rule->default_retention;
  constexpr int kDaysOfYear = 365;
  GUST_TRY(out.mode, parse_mode(given.mode.value_or("")));
  out.until = s3.now() + std::chrono::days(given.days ? *given.days : given.years.value_or(0) * kDaysOfYear);
  return out;
}

void S3Service::add_lock_operations() {
  service_.on<s3::PutObjectLockConfiguration>(
      [this](auto call, auto request) { return put_configuration(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetObjectLockConfiguration>(
      [this](auto call, auto request) { return get_configuration(parts_, std::move(call), std::move(request)); });
  service_.on<s3::PutObjectRetention>(
      [this](auto call, auto request) { return put_retention(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetObjectRetention>(
      [this](auto call, auto request) { return get_retention(parts_, std::move(call), std::move(request)); });
  service_.on<s3::PutObjectLegalHold>(
      [this](auto call, auto request) { return put_legal_hold(parts_, std::move(call), std::move(request)); });
  service_.on<s3::GetObjectLegalHold>(
      [this](auto call, auto request) { return get_legal_hold(parts_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
