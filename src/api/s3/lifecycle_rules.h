// What a lifecycle configuration may say. Any thread.
#pragma once

#include "api/s3.gen.h"
#include "wire/service.h"

#include <string>

namespace gust::api {

// Completes rules without an id (from `ids`). Faults: MalformedXML, InvalidRequest, InvalidArgument.
wire::Reply<void> check_lifecycle(s3::BucketLifecycleConfiguration& configuration, const std::string& ids);

}  // namespace gust::api
