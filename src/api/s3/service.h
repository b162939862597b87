// S3Service: the S3 API over the object store. One file an operation or a few small ones; what they share is in
// shared.h. Loop thread only.
#pragma once

#include "api/s3/access.h"
#include "objects/object_store.h"
#include "wire/service.h"

#include <functional>
#include <string>

namespace gust::auth {
class Authenticator;
}

namespace gust::api {

// Says whether a notification may be sent to a target; implemented where functions are known.
class NotificationTargets {
 public:
  virtual ~NotificationTargets() = default;
  // kDenied or kNotFound when `arn` cannot be invoked by the bucket.
  virtual async::Task<void> check(std::string arn, BucketName bucket, AccountId owner) = 0;
};

class S3Service {
 public:
  // `canonical_id` gives an account's S3 owner id. All outlive the service.
  S3Service(objects::ObjectStore& store, NotificationTargets& targets,
            std::function<std::string(const AccountId&)> canonical_id, std::function<WallTime()> now);

  wire::Service& wire() { return service_; }
  // Answers a browser's preflight (OPTIONS) by the bucket's CORS rules. `path` begins with the bucket.
  async::Task<http::Response> preflight(RequestContext context, http::Request request, std::string path);
  // A browser's upload by a form: multipart/form-data, POSTed to the bucket. It is signed in its fields, or not at all.
  static bool is_form(const http::Request& request, std::string_view path);
  boost::asio::awaitable<http::Response> post_form(RequestContext context, http::Request request, std::string path,
                                                   auth::Authenticator& authenticator);
  // Adds the CORS headers of the bucket to `response` for a request with this Origin.
  async::Task<void> add_cors(std::string path, std::string method, std::string origin, http::Response& response);

 private:
  void add_bucket_operations();
  void add_configuration_operations();
  void add_notification_operations();
  void add_object_operations();
  void add_delete_operations();
  void add_tagging_operations();
  void add_version_operations();
  void add_access_operations();
  void add_lock_operations();
  void add_plain_configuration_operations();
  void add_multipart_operations();

  S3Parts parts_;
  wire::Service service_;
};

}  // namespace gust::api
