#include "api/s3/acl.h"

#include "api/s3/configuration_text.h"
#include "api/s3/shared.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace gust::api {
namespace {

s3::Grantee user(const std::string& canonical_id) {
  s3::Grantee out;
  out.id = canonical_id;
  out.type = "CanonicalUser";
  return out;
}

s3::Grantee group(std::string_view uri) {
  s3::Grantee out;
  out.uri = std::string(uri);
  out.type = "Group";
  return out;
}

s3::Grant grant(s3::Grantee to, std::string permission) { return {std::move(to), std::move(permission)}; }

s3::AccessControlPolicy only_owner(const std::string& owner_id) {
  s3::AccessControlPolicy out;
  out.owner = s3::Owner{.display_name = std::nullopt, .id = owner_id};
  out.grants.emplace();
  out.grants->push_back(grant(user(owner_id), "FULL_CONTROL"));
  return out;
}

wire::Reply<s3::Grantee> check_grantee(const S3Parts&, const s3::Grantee& given) {
  static const std::set<std::string_view> kGroups = {kAllUsers, kAuthenticatedUsers, kLogDelivery};
  if (given.uri) {
    if (kGroups.contains(*given.uri)) return group(*given.uri);
    return wire::fault("InvalidArgument", "Invalid group uri", {{"ArgumentName", "uri"}, {"ArgumentValue", *given.uri}},
                       400);
  }
  if (given.email_address) {
    return wire::fault("UnresolvableGrantByEmailAddress",
                       "The e-mail address you provided does not match any account on record: accounts have none here; "
                       "use the account's canonical user id.",
                       {{"ArgumentName", "emailAddress"}, {"ArgumentValue", *given.email_address}}, 400);
  }
  const auto id = given.id.value_or("");
  const bool looks = id.size() == 64 &&
                     std::ranges::all_of(id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (looks) return user(id);
  return wire::fault("InvalidArgument", "Invalid id", {{"ArgumentName", "CanonicalUser/ID"}, {"ArgumentValue", id}},
                     400);
}

// `id="..", uri="..", emailAddress=".."` of x-amz-grant-*.
wire::Reply<void> add_grants(const S3Parts& s3, const std::optional<std::string>& header, const char* permission,
                             s3::AccessControlPolicy& out) {
  std::string_view rest = header ? std::string_view(*header) : std::string_view();
  while (!rest.empty()) {
    auto item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    const auto equals = item.find('=');
    const auto name = item.substr(0, equals);
    auto value = equals == std::string_view::npos ? std::string_view() : item.substr(equals + 1);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    s3::Grantee given;
    if (name == "id") {
      given.id = std::string(value);
    } else if (name == "uri") {
      given.uri = std::string(value);
    } else if (name == "emailAddress") {
      given.email_address = std::string(value);
    } else {
      return wire::fault("InvalidArgument", "Argument format not recognized",
                         {{"ArgumentName", "x-amz-grant-" + std::string(permission)}, {"ArgumentValue", *header}}, 400);
    }
    GUST_TRY(auto to, check_grantee(s3, given));
    out.grants->push_back(grant(std::move(to), permission));
  }
  return {};
}

bool is_group(const s3::Grantee& grantee) {
  return grantee.uri && (*grantee.uri == kAllUsers || *grantee.uri == kAuthenticatedUsers);
}

}  // namespace

Needed acl_permission(std::string_view action) {
  static const std::map<std::string_view, Needed> kNeeded = {{"s3:ListBucket", {"READ"}},
                                                             {"s3:ListBucketVersions", {"READ"}},
                                                             {"s3:ListBucketMultipartUploads", {"READ"}},
                                                             {"s3:PutObject", {"WRITE"}},
                                                             {"s3:DeleteObject", {"WRITE"}},
                                                             {"s3:AbortMultipartUpload", {"WRITE"}},
                                                             {"s3:ListMultipartUploadParts", {"WRITE"}},
                                                             {"s3:GetBucketAcl", {"READ_ACP"}},
                                                             {"s3:PutBucketAcl", {"WRITE_ACP"}},
                                                             {"s3:GetObject", {"READ", true}},
                                                             {"s3:GetObjectVersion", {"READ", true}},
                                                             {"s3:GetObjectAcl", {"READ_ACP", true}},
                                                             {"s3:GetObjectVersionAcl", {"READ_ACP", true}},
                                                             {"s3:PutObjectAcl", {"WRITE_ACP", true}},
                                                             {"s3:PutObjectVersionAcl", {"WRITE_ACP", true}}};
  const auto it = kNeeded.find(action);
  return it == kNeeded.end() ? Needed{} : it->second;
}

s3::AccessControlPolicy bucket_acl(const S3Parts& s3, const objects::Bucket& bucket) {
  const auto text = bucket.configuration("acl");
  if (text.empty() || ownership_of(bucket) == Ownership::kEnforced) return only_owner(s3.canonical_id(bucket.owner));
  return from_text<s3::AccessControlPolicy>(text);
}

s3::AccessControlPolicy object_acl(const S3Parts& s3, const objects::Bucket& bucket, const objects::Object& object) {
  if (ownership_of(bucket) == Ownership::kEnforced) return only_owner(s3.canonical_id(bucket.owner));
  if (!object.acl.empty()) return from_text<s3::AccessControlPolicy>(object.acl);
  return only_owner(s3.canonical_id(object.owner.str().empty() ? bucket.owner : object.owner));
}

bool grants(const s3::AccessControlPolicy& acl, const Principal& who, std::string_view permission,
            PublicGrants public_grants) {
  const bool public_too = public_grants == PublicGrants::kCount;
  return acl.grants && std::ranges::any_of(*acl.grants, [&](const s3::Grant& one) {
           if (!one.grantee || (one.permission != permission && one.permission != "FULL_CONTROL")) return false;
           if (one.grantee->uri == kAllUsers) return public_too;
           if (one.grantee->uri == kAuthenticatedUsers) return public_too && !who.anonymous();
           return !who.anonymous() && one.grantee->id == who.canonical_id;
         });
}

bool is_public_acl(const s3::AccessControlPolicy& acl) {
  return acl.grants &&
         std::ranges::any_of(*acl.grants, [](const auto& one) { return one.grantee && is_group(*one.grantee); });
}

bool gives_only_owner(const s3::AccessControlPolicy& acl) {
  if (!acl.grants || acl.grants->size() != 1) return false;
  const auto& one = (*acl.grants)[0];
  return one.permission == "FULL_CONTROL" && one.grantee && acl.owner && one.grantee->id == acl.owner->id;
}

bool is_ownership(std::string_view name) {
  return name == "BucketOwnerEnforced" || name == "BucketOwnerPreferred" || name == "ObjectWriter";
}

wire::Reply<s3::AccessControlPolicy> acl_from_headers(const S3Parts& s3, const AclHeaders& headers,
                                                      const AccountId& owner, const AccountId& bucket_owner) {
  auto out = only_owner(s3.canonical_id(owner));
  const bool has_grants =
      headers.full_control || headers.read || headers.read_acp || headers.write || headers.write_acp;
  if (headers.canned && has_grants)
    return wire::fault("InvalidRequest", "Specifying both Canned ACLs and Header Grants is not allowed", {}, 400);
  if (has_grants) out.grants->clear();
  const auto canned = headers.canned.value_or("private");
  const auto give = [&](s3::Grantee to, const char* permission) {
    out.grants->push_back(grant(std::move(to), permission));
  };
  if (canned == "public-read" || canned == "public-read-write") give(group(kAllUsers), "READ");
  if (canned == "public-read-write") give(group(kAllUsers), "WRITE");
  if (canned == "authenticated-read") give(group(kAuthenticatedUsers), "READ");
  if (canned == "log-delivery-write") {
    give(group(kLogDelivery), "WRITE");
    give(group(kLogDelivery), "READ_ACP");
  }
  if (owner != bucket_owner && canned == "bucket-owner-read") give(user(s3.canonical_id(bucket_owner)), "READ");
  if (owner != bucket_owner && canned == "bucket-owner-full-control")
    give(user(s3.canonical_id(bucket_owner)), "FULL_CONTROL");
  static const std::set<std::string_view> kCanned = {
      "private",           "public-read",        "public-read-write",         "authenticated-read",
      "bucket-owner-read", "log-delivery-write", "bucket-owner-full-control", "aws-exec-read"};
  if (!kCanned.contains(canned)) {
    return wire::fault("InvalidArgument", "", {{"ArgumentName", "x-amz-acl"}, {"ArgumentValue", canned}}, 400);
  }
  GUST_CHECK(add_grants(s3, headers.full_control, "FULL_CONTROL", out));
  GUST_CHECK(add_grants(s3, headers.read, "READ", out));
  GUST_CHECK(add_grants(s3, headers.write, "WRITE", out));
  GUST_CHECK(add_grants(s3, headers.read_acp, "READ_ACP", out));
  GUST_CHECK(add_grants(s3, headers.write_acp, "WRITE_ACP", out));
  return out;
}

wire::Reply<s3::AccessControlPolicy> acl_from_body(const S3Parts& s3, s3::AccessControlPolicy acl,
                                                   const AccountId& owner) {
  static const std::set<std::string_view> kPermissions = {"FULL_CONTROL", "READ", "WRITE", "READ_ACP", "WRITE_ACP"};
  const auto malformed = [] { return wire::fault("MalformedACLError", std::string(kBrokenSchema), {}, 400); };
  if (!acl.owner || !acl.owner->id) return malformed();
  if (*acl.owner->id != s3.canonical_id(owner)) return std::unexpected(wire::Fault(Error{Code::kDenied, "", "bucket"}));
  constexpr std::size_t kMostGrants = 100;
  s3::AccessControlPolicy out;
  out.owner = s3::Owner{.display_name = std::nullopt, .id = *acl.owner->id};
  out.grants.emplace();
  for (const auto& one : acl.grants.value_or(std::vector<s3::Grant>())) {
    if (!one.grantee || !one.permission || !kPermissions.contains(*one.permission)) return malformed();
    GUST_TRY(auto to, check_grantee(s3, *one.grantee));
    out.grants->push_back(grant(std::move(to), *one.permission));
  }
  if (out.grants->size() > kMostGrants) return malformed();
  return out;
}

wire::Reply<void> check_acl_allowed(const objects::Bucket& bucket, const s3::AccessControlPolicy& acl,
                                    const std::optional<std::string>& canned, const std::string& owner_id) {
  if (ownership_of(bucket) == Ownership::kEnforced) {
    const bool same = canned == "bucket-owner-full-control" || canned == "private" ||
                      (acl.grants && acl.grants->size() == 1 && (*acl.grants)[0].permission == "FULL_CONTROL" &&
                       (*acl.grants)[0].grantee->id == owner_id);
    if (!same) return wire::fault("AccessControlListNotSupported", "The bucket does not allow ACLs", {}, 400);
  }
  if (public_block_of(bucket).block_public_acls.value_or(false) && is_public_acl(acl))
    return std::unexpected(wire::Fault(Error{Code::kDenied, "Access Denied", "bucket"}));
  return {};
}

}  // namespace gust::api
