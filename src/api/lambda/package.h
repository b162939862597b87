// The zip of a function or a layer: in the request, or in a bucket. Loop thread only.
#pragma once

#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include <optional>
#include <string>

namespace gust::api {

struct PackageSource {
  std::optional<std::string> zip, bucket, key;
};

LambdaReply<std::string> fetch_package(CodeSource& code, wire::Call call, PackageSource source);

}  // namespace gust::api
