// Bucket policies, ACLs, ownership controls, public access blocks.
#include "api/s3/acl.h"
#include "api/s3/configuration_text.h"
#include "api/s3/service.h"
#include "api/s3/shared.h"
#include "auth/policy.h"

namespace gust::api {
namespace {

// --- policies

S3Reply<s3::Empty> put_policy(const S3Parts& s3, wire::Call call, s3::PutBucketPolicyRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketPolicy", request));
  GUST_CO_TRY(const auto policy, auth::parse_policy(request.policy, {auth::PolicyKind::kBucket, request.bucket}));
  if (public_block_of(bucket).block_public_policy.value_or(false) && auth::is_public(policy))
    co_return std::unexpected(Error{Code::kDenied, "Access Denied", "bucket"});
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "policy", request.policy));
  co_return s3::Empty{};
}

std::unexpected<wire::Fault> no_policy(const std::string& bucket) {
  return wire::fault("NoSuchBucketPolicy", "The bucket policy does not exist", {{"BucketName", bucket}}, 404);
}

S3Reply<s3::GetBucketPolicyOutput> get_policy(const S3Parts& s3, wire::Call call, s3::GetBucketPolicyRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketPolicy", request));
  const auto text = bucket.configuration("policy");
  if (text.empty()) co_return no_policy(request.bucket);
  co_return s3::GetBucketPolicyOutput{text};
}

S3Reply<s3::Empty> delete_policy(const S3Parts& s3, wire::Call call, s3::DeleteBucketPolicyRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:DeleteBucketPolicy", request));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "policy", ""));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketPolicyStatusOutput> get_policy_status(const S3Parts& s3, wire::Call call,
                                                           s3::GetBucketPolicyStatusRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketPolicyStatus", request));
  const auto text = bucket.configuration("policy");
  if (text.empty()) co_return no_policy(request.bucket);
  GUST_CO_TRY(const auto policy, auth::parse_policy(text, {auth::PolicyKind::kBucket, request.bucket}));
  s3::GetBucketPolicyStatusOutput out;
  out.policy_status.emplace();
  out.policy_status->is_public = auth::is_public(policy);
  co_return out;
}

// --- ACLs

// The list that a PUT asks for, in its headers or in its body.
template <typename Request>
wire::Reply<s3::AccessControlPolicy> asked_acl(const S3Parts& s3, const Request& request, const AccountId& owner,
                                               const AccountId& bucket_owner) {
  const auto headers = acl_headers(request);
  const bool has_body =
      request.access_control_policy && (request.access_control_policy->grants || request.access_control_policy->owner);
  if (headers.any() && has_body) {
    return wire::fault("UnexpectedContent", "This request does not support content", {}, 400);
  }
  if (has_body) return acl_from_body(s3, *request.access_control_policy, owner);
  if (!headers.any()) {
    return wire::fault("MissingSecurityHeader", "Your request was missing a required header",
                       {{"MissingHeaderName", "x-amz-acl"}}, 400);
  }
  return acl_from_headers(s3, headers, owner, bucket_owner);
}

// Where lists are off none can be set, "private" neither; a write that says it is let through, for older clients do.
wire::Reply<void> check_canned(const objects::Bucket& bucket, const std::optional<std::string>& canned) {
  if (canned != "private" || ownership_of(bucket) != Ownership::kEnforced) return {};
  return wire::fault("AccessControlListNotSupported", "The bucket does not allow ACLs", {}, 400);
}

S3Reply<s3::Empty> put_bucket_acl(const S3Parts& s3, wire::Call call, s3::PutBucketAclRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketAcl", request));
  GUST_CO_TRY(const auto acl, asked_acl(s3, request, bucket.owner, bucket.owner));
  GUST_CO_CHECK(check_canned(bucket, request.acl));
  GUST_CO_CHECK(check_acl_allowed(bucket, acl, request.acl, s3.canonical_id(bucket.owner)));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "acl", to_text(acl)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketAclOutput> get_bucket_acl(const S3Parts& s3, wire::Call call, s3::GetBucketAclRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketAcl", request));
  auto acl = bucket_acl(s3, bucket);
  co_return s3::GetBucketAclOutput{std::move(acl.grants), std::move(acl.owner)};
}

S3Reply<s3::PutObjectAclOutput> put_object_acl(const S3Parts& s3, wire::Call call, s3::PutObjectAclRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:PutObjectAcl", request));
  GUST_CO_TRY(const auto object, co_await readable_object(s3, call, bucket, request.key, request.version_id));
  const auto& owner = object.owner.str().empty() ? bucket.owner : object.owner;
  GUST_CO_TRY(const auto acl, asked_acl(s3, request, owner, bucket.owner));
  GUST_CO_CHECK(check_canned(bucket, request.acl));
  GUST_CO_CHECK(check_acl_allowed(bucket, acl, request.acl, s3.canonical_id(owner)));
  objects::ObjectStore::Change change = [text = to_text(acl)](objects::Object& changed) -> Result<void> {
    changed.acl = text;
    return {};
  };
  GUST_CO_CHECK(co_await s3.store.update(bucket.name, object.key, request.version_id, std::move(change),
                                         objects::EventKind::kAcl, origin_of(call)));
  co_return s3::PutObjectAclOutput{};
}

S3Reply<s3::GetObjectAclOutput> get_object_acl(const S3Parts& s3, wire::Call call, s3::GetObjectAclRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_object(s3, call, "s3:GetObjectAcl", request));
  GUST_CO_TRY(const auto object, co_await readable_object(s3, call, bucket, request.key, request.version_id));
  auto acl = object_acl(s3, bucket, object);
  s3::GetObjectAclOutput out;
  out.grants = std::move(acl.grants);
  out.owner = std::move(acl.owner);
  co_return out;
}

// --- ownership controls

S3Reply<s3::Empty> put_ownership(const S3Parts& s3, wire::Call call, s3::PutBucketOwnershipControlsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketOwnershipControls", request));
  const auto& rules = request.ownership_controls.rules;
  if (rules.size() != 1 || !is_ownership(rules[0].object_ownership)) co_return malformed_xml();
  const auto text = bucket.configuration("acl");
  const bool others = !text.empty() && !gives_only_owner(from_text<s3::AccessControlPolicy>(text));
  if (rules[0].object_ownership == "BucketOwnerEnforced" && others) {
    co_return wire::fault("InvalidBucketAclWithObjectOwnership",
                          "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting", {}, 400);
  }
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "ownershipControls", to_text(request.ownership_controls)));
  co_return s3::Empty{};
}

S3Reply<s3::GetBucketOwnershipControlsOutput> get_ownership(const S3Parts& s3, wire::Call call,
                                                            s3::GetBucketOwnershipControlsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketOwnershipControls", request));
  const auto text = bucket.configuration("ownershipControls");
  if (text.empty()) {
    co_return wire::fault("OwnershipControlsNotFoundError", "The bucket ownership controls were not found",
                          {{"BucketName", request.bucket}}, 404);
  }
  s3::GetBucketOwnershipControlsOutput out;
  out.ownership_controls = from_text<s3::OwnershipControls>(text);
  co_return out;
}

S3Reply<s3::Empty> delete_ownership(const S3Parts& s3, wire::Call call,
                                    s3::DeleteBucketOwnershipControlsRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketOwnershipControls", request));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "ownershipControls", ""));
  co_return s3::Empty{};
}

// --- public access blocks

S3Reply<s3::Empty> put_public_block(const S3Parts& s3, wire::Call call, s3::PutPublicAccessBlockRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketPublicAccessBlock", request));
  auto block = request.public_access_block_configuration;
  for (auto* flag : {&block.block_public_acls, &block.block_public_policy, &block.ignore_public_acls,
                     &block.restrict_public_buckets}) {
    *flag = flag->value_or(false);
  }
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "publicAccessBlock", to_text(block)));
  co_return s3::Empty{};
}

S3Reply<s3::GetPublicAccessBlockOutput> get_public_block(const S3Parts& s3, wire::Call call,
                                                         s3::GetPublicAccessBlockRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:GetBucketPublicAccessBlock", request));
  if (!bucket.configurations.contains("publicAccessBlock")) {
    co_return wire::fault("NoSuchPublicAccessBlockConfiguration", "The public access block configuration was not found",
                          {{"BucketName", request.bucket}}, 404);
  }
  s3::GetPublicAccessBlockOutput out;
  out.public_access_block_configuration = public_block_of(bucket);
  co_return out;
}

S3Reply<s3::Empty> delete_public_block(const S3Parts& s3, wire::Call call, s3::DeletePublicAccessBlockRequest request) {
  GUST_CO_TRY(const auto bucket, co_await allow_bucket(s3, call, "s3:PutBucketPublicAccessBlock", request));
  GUST_CO_CHECK(co_await s3.store.configure(bucket.name, "publicAccessBlock", ""));
  co_return s3::Empty{};
}

}  // namespace

void S3Service::add_access_operations() {
  const auto on = [this]<typename Op>(Op, auto handler) {
    service_.on<Op>(
        [this, handler](auto call, auto request) { return handler(parts_, std::move(call), std::move(request)); });
  };
  on(s3::PutBucketPolicy{}, put_policy);
  on(s3::GetBucketPolicy{}, get_policy);
  on(s3::DeleteBucketPolicy{}, delete_policy);
  on(s3::GetBucketPolicyStatus{}, get_policy_status);
  on(s3::PutBucketAcl{}, put_bucket_acl);
  on(s3::GetBucketAcl{}, get_bucket_acl);
  on(s3::PutObjectAcl{}, put_object_acl);
  on(s3::GetObjectAcl{}, get_object_acl);
  on(s3::PutBucketOwnershipControls{}, put_ownership);
  on(s3::GetBucketOwnershipControls{}, get_ownership);
  on(s3::DeleteBucketOwnershipControls{}, delete_ownership);
  on(s3::PutPublicAccessBlock{}, put_public_block);
  on(s3::GetPublicAccessBlock{}, get_public_block);
  on(s3::DeletePublicAccessBlock{}, delete_public_block);
}

}  // namespace gust::api
