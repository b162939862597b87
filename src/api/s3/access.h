// Who may do what to a bucket and its objects: the owner's account, the bucket's policy, ACLs, and what the bucket's
// public access block takes back. Loop thread only.
#pragma once

#include "api/s3.gen.h"
#include "objects/object_store.h"
#include "wire/service.h"

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::api {

class NotificationTargets;
class PolicyCache;

// What the operations work with; all outlive the service.
struct S3Parts {
  objects::ObjectStore& store;
  NotificationTargets& targets;
  std::function<std::string(const AccountId&)> canonical_id;
  std::function<WallTime()> now;
  std::shared_ptr<PolicyCache> policies;
};

// "s3:GetObject" -> "s3:GetObjectVersion", "s3:GetObjectTagging" -> "s3:GetObjectVersionTagging"; itself where there is
// no other.
std::string_view version_action(std::string_view action);

std::shared_ptr<PolicyCache> make_policy_cache();

struct Ask {
  std::string_view action;  // "s3:GetObject"
  std::string bucket;
  std::optional<std::string> expected_owner = {};
  std::optional<std::string> key = {};  // of an object's action
  std::optional<std::string> version = {};
  std::vector<std::pair<std::string, std::string>> keys = {};  // conditions of this action, as "s3:prefix"
  // The action that ACLs must give, where it is another: a list that a write sets takes no more than the write.
  std::string_view acl_action = {};
  bool any_region = false;  // also where the request is signed for another one, as of what is copied from
};

// That the request is signed for the bucket's region, or for none.
Result<void> check_region(const wire::Call& call, const objects::Bucket& bucket);

// The bucket, when the caller may; kNotFound when there is none, kDenied otherwise.
async::Task<objects::Bucket> allow(const S3Parts& s3, const wire::Call& call, Ask ask);

template <typename Request>
async::Task<objects::Bucket> allow_bucket(const S3Parts& s3, const wire::Call& call, std::string_view action,
                                          const Request& request) {
  return allow(s3, call, Ask{action, request.bucket, request.expected_bucket_owner});
}

// Of a version that is named the action is another one: `action` is of the current one.
template <typename Request>
async::Task<objects::Bucket> allow_object(const S3Parts& s3, const wire::Call& call, std::string_view action,
                                          const Request& request) {
  Ask ask{action, request.bucket, request.expected_bucket_owner, request.key};
  if constexpr (requires { request.version_id; }) {
    ask.version = request.version_id;
    if (request.version_id) ask.action = version_action(action);
  }
  return allow(s3, call, std::move(ask));
}

// Of what was not found: whether the caller may know that, which takes the right to list the bucket.
boost::asio::awaitable<Error> hide_missing(const S3Parts& s3, const wire::Call& call, objects::Bucket bucket,
                                           Error error);

enum class Ownership { kEnforced, kPreferred, kWriter };  // BucketOwnerEnforced and its kin
Ownership ownership_of(const objects::Bucket& bucket);
// Of a bucket without a configuration nothing is blocked.
s3::PublicAccessBlockConfiguration public_block_of(const objects::Bucket& bucket);

// "arn:aws:s3:::bucket" or ".../key".
std::string s3_arn(const std::string& bucket, const std::optional<std::string>& key = {});

}  // namespace gust::api
