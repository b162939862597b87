#include "api/s3/access.h"

#include "api/s3/acl.h"
#include "api/s3/configuration_text.h"
#include "api/s3/shared.h"
#include "auth/policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace gust::api {

// Policies as they were parsed last, by their bucket.
class PolicyCache {
 public:
  // Null when the bucket has none. An error when what is kept cannot be read: then nobody knows whom it denies.
  Result<std::shared_ptr<const auth::Policy>> get(const objects::Bucket& bucket) {
    const auto text = bucket.configuration("policy");
    if (text.empty()) return nullptr;
    const auto& name = bucket.name.str();
    if (const auto known = parsed_.find(name); known != parsed_.end() && known->second.text == text)
      return known->second.policy;
    GUST_TRY(auto policy, auth::parse_policy(text, {auth::PolicyKind::kBucket, name}));
    if (parsed_.size() >= kMost) parsed_.erase(parsed_.begin());
    auto shared = std::make_shared<const auth::Policy>(std::move(policy));
    parsed_.insert_or_assign(name, Parsed{text, shared});
    return shared;
  }

 private:
  static constexpr std::size_t kMost = 1000;
  struct Parsed {
    std::string text;
    std::shared_ptr<const auth::Policy> policy;
  };
  std::map<std::string, Parsed> parsed_;
};

std::shared_ptr<PolicyCache> make_policy_cache() { return std::make_shared<PolicyCache>(); }

namespace {

std::unexpected<Error> denied() { return fail(Code::kDenied, "Access Denied", "bucket"); }

Result<void> check_account(const std::string& id) {
  constexpr std::size_t kDigits = 12;
  if (id.size() == kDigits && std::ranges::all_of(id, [](char c) { return c >= '0' && c <= '9'; })) return {};
  return fail(Code::kInvalid,
              fmt::format("The value of the expected bucket owner parameter must be an AWS Account ID... [{}]", id),
              "expected owner");
}

// The bucket's own account may always see and mend the policy that locks it out.
bool mends_policy(std::string_view action) {
  return action == "s3:GetBucketPolicy" || action == "s3:PutBucketPolicy" || action == "s3:DeleteBucketPolicy";
}

auth::ConditionKeys condition_keys(const S3Parts& s3, const wire::Call& call, const Ask& ask,
                                   const objects::Object* object) {
  static constexpr auto kHeaders = std::to_array<const char*>(
      {"x-amz-acl", "x-amz-storage-class", "x-amz-server-side-encryption", "x-amz-copy-source", "x-amz-content-sha256",
       "x-amz-server-side-encryption-aws-kms-key-id", "x-amz-server-side-encryption-customer-algorithm",
       "x-amz-metadata-directive", "x-amz-website-redirect-location", "x-amz-grant-full-control", "x-amz-grant-read",
       "x-amz-grant-read-acp", "x-amz-grant-write", "x-amz-grant-write-acp", "x-amz-object-ownership"});
  auth::ConditionKeys keys;
  keys.add(auth::requester(call.context.principal));
  keys.add(s3.now());
  keys.add("aws:SourceIp", call.peer);
  keys.add("aws:SecureTransport", call.tls.empty() ? "false" : "true");
  if (call.tls.starts_with("TLSv")) keys.add("s3:TlsVersion", std::string(call.tls.substr(4)));
  if (const auto agent = call.headers.get("user-agent")) keys.add("aws:UserAgent", std::string(*agent));
  if (const auto referer = call.headers.get("referer")) keys.add("aws:Referer", std::string(*referer));
  for (const auto* name : kHeaders) {
    if (const auto value = call.headers.get(name)) keys.add(std::string("s3:") + name, std::string(*value));
  }
  if (const auto match = call.headers.get("if-none-match")) keys.add("s3:if-none-match", std::string(*match));
  if (const auto match = call.headers.get("if-match")) keys.add("s3:if-match", std::string(*match));
  if (ask.version) keys.add("s3:VersionId", *ask.version);
  for (const auto& [name, value] : ask.keys) keys.add(name, value);
  if (object != nullptr) {
    for (const auto& [name, value] : object->tags) keys.add("s3:ExistingObjectTag/" + name, value);
  }
  return keys;
}

// What ACLs say of those whom neither the policy nor the ownership lets in.
bool acl_allows(const S3Parts& s3, const wire::Call& call, const objects::Bucket& bucket, const Ask& ask,
                const std::optional<objects::Object>& object) {
  if (ownership_of(bucket) == Ownership::kEnforced) return false;
  const auto needed = acl_permission(ask.acl_action.empty() ? ask.action : ask.acl_action);
  if (needed.permission.empty()) return false;
  const auto public_too =
      public_block_of(bucket).ignore_public_acls.value_or(false) ? PublicGrants::kIgnore : PublicGrants::kCount;
  if (!needed.of_object) return grants(bucket_acl(s3, bucket), call.context.principal, needed.permission, public_too);
  return object && grants(object_acl(s3, bucket, *object), call.context.principal, needed.permission, public_too);
}

}  // namespace

std::string_view version_action(std::string_view action) {
  static const std::map<std::string_view, std::string_view> kVersions = {
      {"s3:GetObject", "s3:GetObjectVersion"},
      {"s3:GetObjectAcl", "s3:GetObjectVersionAcl"},
      {"s3:GetObjectAttributes", "s3:GetObjectVersionAttributes"},
      {"s3:GetObjectTagging", "s3:GetObjectVersionTagging"},
      {"s3:PutObjectAcl", "s3:PutObjectVersionAcl"},
      {"s3:PutObjectTagging", "s3:PutObjectVersionTagging"},
      {"s3:DeleteObject", "s3:DeleteObjectVersion"},
      {"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"}};
  const auto it = kVersions.find(action);
  return it == kVersions.end() ? action : it->second;
}

std::string s3_arn(const std::string& bucket, const std::optional<std::string>& key) {
  return key ? fmt::format("arn:aws:s3:::{}/{}", bucket, *key) : fmt::format("arn:aws:s3:::{}", bucket);
}

// As to_text() writes it.
static constexpr std::string_view kEnforcedText = R"({"Rules":[{"ObjectOwnership":"BucketOwnerEnforced"}]})";

Ownership ownership_of(const objects::Bucket& bucket) {
  const auto text = bucket.configuration("ownershipControls");
  if (text.empty()) return Ownership::kWriter;
  if (text == kEnforcedText) return Ownership::kEnforced;  // of nearly every bucket, and asked for every request
  const auto controls = from_text<s3::OwnershipControls>(text);
  const auto rule = controls.rules.empty() ? std::string() : controls.rules[0].object_ownership;
  return rule == "BucketOwnerEnforced"    ? Ownership::kEnforced
         : rule == "BucketOwnerPreferred" ? Ownership::kPreferred
                                          : Ownership::kWriter;
}

s3::PublicAccessBlockConfiguration public_block_of(const objects::Bucket& bucket) {
  return from_text<s3::PublicAccessBlockConfiguration>(bucket.configuration("publicAccessBlock"));
}

Result<void> check_region(const wire::Call& call, const objects::Bucket& bucket) {
  const auto& asked = call.context.signed_region;
  if (asked && *asked != bucket.region) return std::unexpected(wrong_region(call, bucket.region));
  return {};
}

async::Task<objects::Bucket> allow(const S3Parts& s3, const wire::Call& call, Ask ask) {
  GUST_CO_TRY(auto bucket, co_await s3.store.bucket(BucketName(ask.bucket)));
  if (!ask.any_region && ask.action != "s3:GetBucketLocation") GUST_CO_CHECK(check_region(call, bucket));
  const auto& who = call.context.principal;
  if (ask.expected_owner) {
    GUST_CO_CHECK(check_account(*ask.expected_owner));
    if (*ask.expected_owner != bucket.owner.str()) co_return denied();
  }
  const bool own_account = who.account == bucket.owner;
  const auto kept = s3.policies->get(bucket);
  if (!kept && !(own_account && mends_policy(ask.action))) co_return denied();
  const auto policy = kept.value_or(nullptr);
  const bool enforced = ownership_of(bucket) == Ownership::kEnforced;
  if (own_account && !policy && enforced) co_return bucket;

  std::optional<objects::Object> object;
  const auto needed = acl_permission(ask.acl_action.empty() ? ask.action : ask.acl_action);
  const bool of_tags = bucket.configuration("policy").find("ExistingObjectTag") != std::string::npos;
  if (ask.key && (of_tags || (needed.of_object && !enforced))) {
    auto found = co_await s3.store.find(bucket.name, ObjectKey(*ask.key), ask.version);
    if (found) object = *std::move(found);
  }
  if (policy) {
    const auto keys = condition_keys(s3, call, ask, object ? &*object : nullptr);
    const auto arn = s3_arn(ask.bucket, ask.key);
    const auto decision = auth::evaluate(*policy, {auth::requester(who), ask.action, arn, keys});
    using Outcome = auth::Decision::Outcome;
    if (decision.outcome == Outcome::kDeny && !(own_account && mends_policy(ask.action))) co_return denied();
    const bool restricted =
        !own_account && public_block_of(bucket).restrict_public_buckets.value_or(false) && auth::is_public(*policy);
    if (decision.outcome == Outcome::kAllow && !restricted) co_return bucket;
  }
  // An object of another account is that account's, where the bucket lets writers own what they write.
  const bool foreign = object && !enforced && needed.of_object && !object->owner.str().empty();
  if (own_account && !foreign) co_return bucket;
  if (foreign && object->owner == who.account) co_return bucket;
  if (acl_allows(s3, call, bucket, ask, object)) co_return bucket;
  // Without the object nobody else can say whose it is; the bucket's readers are told that it is missing.
  if (ask.key && needed.of_object && !object && !enforced) {
    const Ask lists{"s3:ListBucket", ask.bucket};
    if (acl_allows(s3, call, bucket, lists, std::nullopt)) co_return bucket;
  }
  co_return denied();
}

boost::asio::awaitable<Error> hide_missing(const S3Parts& s3, const wire::Call& call, objects::Bucket bucket,
                                           Error error) {
  const bool missing = error.code == Code::kNotFound && (error.source == "key" || error.source == "marker");
  if (!missing || call.context.principal.account == bucket.owner) co_return error;
  Ask lists{"s3:ListBucket", bucket.name.str()};
  lists.any_region = true;  // which was looked at when the object was asked for
  if (co_await allow(s3, call, std::move(lists))) co_return error;
  co_return Error{Code::kDenied, "Access Denied", "bucket"};
}

}  // namespace gust::api
