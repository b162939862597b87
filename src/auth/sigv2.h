// Presigned S3 URLs and forms of Signature Version 2, which boto3 still makes by default for other endpoints than
// Amazon's. Nothing else of version 2 is served. Source: "Signing and authenticating REST requests" and "HTML forms" of
// the S3 developer guide. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "http/message.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::auth {

struct QueryV2 {
  std::string access_key_id;
  std::string signature;  // base64
  std::string expires;    // seconds since 1970, as it is signed
  WallTime expires_at;
  std::string session_token;  // or empty
};

// nullopt when the query is not of this kind; kInvalid "authorization-query" when it is malformed.
Result<std::optional<QueryV2>> parse_query_v2(const http::Request& request);

// The signatures that are right for the request: one for the path as it is, one more where the bucket is in Host.
Result<std::vector<std::string>> signatures_v2(const http::Request& request, const QueryV2& query,
                                               std::string_view secret);
// Of a form's policy, which is signed as it is sent.
std::string policy_signature_v2(std::string_view policy, std::string_view secret);

}  // namespace gust::auth
