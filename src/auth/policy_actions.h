// The actions of S3 that policies name, what each acts on, and the condition keys that each knows. Any thread.
// Source: "Actions, resources, and condition keys for Amazon S3", service authorization reference (April 2026).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace gust::auth {

enum class S3Resource { kNone, kBucket, kObject };  // kNone: of an account or access point, never in a bucket policy

using S3KeyGroups = std::uint32_t;

struct S3Action {
  std::string_view name;  // lower-case, with "s3:"
  S3Resource resource;
  S3KeyGroups keys;
};

std::span<const S3Action> s3_actions();

// The groups that a lower-case condition key "s3:..." is of; 0 when there is no such key, kS3AnyAction when every
// action knows it.
inline constexpr S3KeyGroups kS3AnyAction = ~S3KeyGroups{0};
S3KeyGroups s3_key_groups(std::string_view key);

}  // namespace gust::auth
