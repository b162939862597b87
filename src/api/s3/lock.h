// Object lock: its configuration, and what a write makes of it. Any thread.
#pragma once

#include "api/s3/access.h"

#include <optional>
#include <string>

namespace gust::api {

bool has_object_lock(const objects::Bucket& bucket);

// The lock of a new version: what its headers say, else what the bucket gives every one.
wire::Reply<objects::Lock> lock_of_write(const S3Parts& s3, const objects::Bucket& bucket,
                                         const std::optional<std::string>& mode, const std::optional<WallTime>& until,
                                         const std::optional<std::string>& legal_hold);

std::string_view lock_mode_name(objects::LockMode mode);

}  // namespace gust::api
