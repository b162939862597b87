#include "api/s3/service.h"

#include "api/s3/shared.h"

namespace gust::api {

static wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 2 << 20;  // configurations, lists of keys and of parts
  out.map_error = map_s3_error;
  out.map_violations = map_s3_violations;
  out.check_body = check_body_digests;
  out.complete_error = complete_s3_error;
  out.malformed_code = "MalformedXML";
  out.unserved = unserved_s3;
  out.unknown = method_not_allowed();
  return out;
}

S3Service::S3Service(objects::ObjectStore& store, NotificationTargets& targets,
                     std::function<std::string(const AccountId&)> canonical_id, std::function<WallTime()> now)
    : parts_{store, targets, std::move(canonical_id), std::move(now), make_policy_cache()},
      service_(s3::model(), settings()) {
  add_bucket_operations();
  add_configuration_operations();
  add_notification_operations();
  add_object_operations();
  add_delete_operations();
  add_tagging_operations();
  add_version_operations();
  add_access_operations();
  add_lock_operations();
  add_plain_configuration_operations();
  add_multipart_operations();
}

}  // namespace gust::api
