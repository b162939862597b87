// What a lifecycle configuration may say, and what answers tell of it. Any thread.
#pragma once

#include "api/s3.gen.h"
#include "objects/types.h"
#include "wire/service.h"

#include <optional>
#include <string>

namespace gust::api {

// Completes rules without an id (from `ids`). Faults: MalformedXML, InvalidRequest, InvalidArgument.
wire::Reply<void> check_lifecycle(s3::BucketLifecycleConfiguration& configuration, const std::string& ids);

std::optional<std::string> expiration_header(const objects::Bucket& bucket, const objects::Object& object);
struct Abortion {
  WallTime at{};
  std::string rule;
};
std::optional<Abortion> abortion_of(const objects::Bucket& bucket, const objects::Upload& upload);

// Sets x-amz-expiration where a rule of the bucket will end this object; older versions have none.
template <typename Output>
void set_expiration(const objects::Bucket& bucket, const objects::Object& object, Output& out) {
  out.expiration = expiration_header(bucket, object);
}

// Sets x-amz-abort-date and -rule-id where a rule of the bucket will abort this upload.
template <typename Output>
void set_abortion(const objects::Bucket& bucket, const objects::Upload& upload, Output& out) {
  const auto found = abortion_of(bucket, upload);
  if (!found) return;
  out.abort_date = found->at;
  out.abort_rule_id = found->rule;
}

}  // namespace gust::api
