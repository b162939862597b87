// PostPolicy: the signed document in an upload's form that says what the form may have. Source: "POST policy", S3 API
// reference. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "wire/fault.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gust::api {

using PostFields = std::map<std::string, std::string>;  // names in lower case

struct PostPolicy {
  enum class Match { kEqual, kStartsWith };
  struct Condition {
    Match match = Match::kEqual;
    std::string field;  // in lower case
    std::string value;
    std::string text;  // as an error shows it
  };

  WallTime expires;
  std::vector<Condition> conditions;
  // content-length-range: of the file.
  std::uint64_t min_bytes = 0;
  std::uint64_t max_bytes = UINT64_MAX;
};

// `base64` is the form's field. Faults: InvalidPolicyDocument.
wire::Reply<PostPolicy> parse_post_policy(std::string_view base64);

// Every condition holds, and there is one for every field. `fields` has "bucket", too. Faults: AccessDenied.
wire::Reply<void> check_post_policy(const PostPolicy& policy, const PostFields& fields, WallTime now);

}  // namespace gust::api
