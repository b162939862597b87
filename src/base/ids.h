// The ids that cross module edges. Strong types: a bucket name is never passed for a key.
#pragma once

#include "base/result.h"
#include "base/strong.h"

#include <string>
#include <string_view>

namespace gust {

using AccountId = StrongString<struct AccountIdTag>;        // 12 digits
using BucketName = StrongString<struct BucketNameTag>;      // 3-63 characters
using ObjectKey = StrongString<struct ObjectKeyTag>;        // 1-1024 bytes of UTF-8
using FunctionName = StrongString<struct FunctionNameTag>;  // 1-64 of [a-zA-Z0-9-_]
using ApiId = StrongString<struct ApiIdTag>;                // 10 of [a-z0-9]
using RequestId = StrongString<struct RequestIdTag>;        // a UUID

inline constexpr std::string_view kDefaultRegion = "us-east-1";
inline constexpr std::string_view kDefaultAccount = "000000000000";

// arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE; resource keeps its own colons and slashes.
struct Arn {
  std::string partition = "aws";
  std::string service;
  std::string region;
  std::string account;
  std::string resource;

  // kInvalid when `text` has fewer than six parts or does not start with "arn:".
  static Result<Arn> parse(std::string_view text);
  std::string str() const;
  bool operator==(const Arn&) const = default;
};

}  // namespace gust
