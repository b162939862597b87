// What a write gives its object beside the bytes.
#include "api/s3/configuration_text.h"
#include "api/s3/lock.h"
#include "api/s3/shared.h"
#include "api/s3/tags.h"

#include <set>

namespace gust::api {
namespace {

wire::Reply<void> check_plain(const Asked& asked) {
  static const std::set<std::string> kClasses = {"STANDARD",   "REDUCED_REDUNDANCY",  "STANDARD_IA",
                                                 "ONEZONE_IA", "INTELLIGENT_TIERING", "GLACIER_IR"};
  if (asked.storage_class && !kClasses.contains(*asked.storage_class)) {
    return wire::fault("InvalidStorageClass", "The storage class you specified is not valid",
                       {{"StorageClassRequested", *asked.storage_class}}, 400);
  }
  if (asked.redirect && !asked.redirect->starts_with('/') && !asked.redirect->starts_with("http://") &&
      !asked.redirect->starts_with("https://")) {
    return wire::fault("InvalidRedirectLocation",
                       "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.", {}, 400);
  }
  return {};
}

}  // namespace

S3Reply<objects::Attributes> check_attributes(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket,
                                              std::string key, Asked asked, std::map<std::string, std::string> headers,
                                              std::optional<std::map<std::string, std::string>> metadata) {
  GUST_CO_CHECK(check_plain(asked));
  objects::Attributes out;
  out.headers = std::move(headers);
  GUST_CO_TRY(out.metadata, check_metadata(metadata));
  const auto also = [&](std::string_view action) {
    return allow(s3, call, Ask{action, bucket.name.str(), std::nullopt, key});
  };
  if (asked.tagging && !asked.tagging->empty()) {
    GUST_CO_CHECK(co_await also("s3:PutObjectTagging"));
    GUST_CO_TRY(out.tags, parse_tagging_header(*asked.tagging));
  }
  const auto& account = call.context.principal.account;
  out.owner = account;
  const bool given = asked.acl.canned == "bucket-owner-full-control";
  if (given && ownership_of(bucket) == Ownership::kPreferred) out.owner = bucket.owner;
  if (asked.acl.any()) {
    GUST_CO_TRY(const auto acl, acl_from_headers(s3, asked.acl, out.owner, bucket.owner));
    GUST_CO_CHECK(check_acl_allowed(bucket, acl, asked.acl.canned, s3.canonical_id(out.owner)));
    const bool enforced = ownership_of(bucket) == Ownership::kEnforced;
    if (!enforced && asked.acl.canned != "private") {
      Ask ask{"s3:PutObjectAcl", bucket.name.str(), std::nullopt, key};
      ask.acl_action = "s3:PutObject";
      GUST_CO_CHECK(co_await allow(s3, call, std::move(ask)));
      out.acl = to_text(acl);
    }
  }
  GUST_CO_TRY(out.lock, lock_of_write(s3, bucket, asked.lock_mode, asked.lock_until, asked.legal_hold));
  if (asked.lock_mode) GUST_CO_CHECK(co_await also("s3:PutObjectRetention"));
  if (asked.legal_hold) GUST_CO_CHECK(co_await also("s3:PutObjectLegalHold"));
  co_return out;
}

}  // namespace gust::api
