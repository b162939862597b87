// Access control lists: canned ones, grants in headers and in XML, and whom they let do what. Any thread.
#pragma once

#include "api/s3/access.h"

#include <string>
#include <string_view>

namespace gust::api {

inline constexpr std::string_view kAllUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
inline constexpr std::string_view kAuthenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";
inline constexpr std::string_view kLogDelivery = "http://acs.amazonaws.com/groups/s3/LogDelivery";

// The permission that lets others do `action`, and whether the object's list has it or the bucket's; empty for what no
// list can give.
struct Needed {
  std::string_view permission;
  bool of_object = false;
};
Needed acl_permission(std::string_view action);

// As set, or all to the owner.
s3::AccessControlPolicy bucket_acl(const S3Parts& s3, const objects::Bucket& bucket);
s3::AccessControlPolicy object_acl(const S3Parts& s3, const objects::Bucket& bucket, const objects::Object& object);

// Whether grants to everyone, or to everyone who signs, count.
enum class PublicGrants { kCount, kIgnore };
bool grants(const s3::AccessControlPolicy& acl, const Principal& who, std::string_view permission,
            PublicGrants public_grants);
// To everyone, or to everyone who signs.
bool is_public_acl(const s3::AccessControlPolicy& acl);

// FULL_CONTROL to the owner, and nothing to anyone else.
bool gives_only_owner(const s3::AccessControlPolicy& acl);
bool is_ownership(std::string_view name);

// What a request says of an ACL, in x-amz-acl and x-amz-grant-*.
struct AclHeaders {
  std::optional<std::string> canned, full_control, read, read_acp, write, write_acp;

  bool any() const { return canned || full_control || read || read_acp || write || write_acp; }
};
template <typename Request>
AclHeaders acl_headers(const Request& r) {
  AclHeaders out{r.acl, r.grant_full_control, r.grant_read, r.grant_read_acp, std::nullopt, r.grant_write_acp};
  if constexpr (requires { r.grant_write; }) out.write = r.grant_write;
  return out;
}

// The list that a write asks for; `owner` is whose the thing is. Faults: InvalidArgument for what is no ACL or no
// grantee.
wire::Reply<s3::AccessControlPolicy> acl_from_headers(const S3Parts& s3, const AclHeaders& headers,
                                                      const AccountId& owner, const AccountId& bucket_owner);
// A list that came as XML, checked and completed.
wire::Reply<s3::AccessControlPolicy> acl_from_body(const S3Parts& s3, s3::AccessControlPolicy acl,
                                                   const AccountId& owner);
// What the bucket's settings say of a list that is to be set: AccessControlListNotSupported, or AccessDenied.
wire::Reply<void> check_acl_allowed(const objects::Bucket& bucket, const s3::AccessControlPolicy& acl,
                                    const std::optional<std::string>& canned, const std::string& owner_id);

}  // namespace gust::api
