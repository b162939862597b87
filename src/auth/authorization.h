// What a request says about its signature: the Authorization header or the presigned query, parsed and checked for
// form. Whether the signature is right is authenticator.h's. Any thread.
#pragma once

#include "auth/sigv4.h"
#include "base/time.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::auth {

enum class Mechanism { kHeader, kQuery };

struct Authorization {
  Mechanism mechanism = Mechanism::kHeader;
  std::string access_key_id;
  Scope scope;
  std::string timestamp;  // yyyymmddThhmmssZ, as it is signed
  WallTime signed_at;
  std::vector<std::string> signed_headers;  // lower-case, sorted
  std::string signature;                    // 64 hexadecimal digits
  std::string session_token;                // or empty
  std::string payload_hash;                 // x-amz-content-sha256, or empty
  Millis expires{0};                        // of a presigned query
};

// nullopt when the request is not signed at all. Errors (code, source):
// kInvalid "authorization" (malformed header), kInvalid "authorization-query" (malformed presigned query),
// kInvalid "two-mechanisms" (header and query), kUnsupported "algorithm" (not AWS4-HMAC-SHA256).
Result<std::optional<Authorization>> parse_authorization(const http::Request& request);

// Only the scope, for finding the service that a request is for; nullopt when unsigned or malformed.
std::optional<Scope> scope_of(const http::Request& request);

}  // namespace gust::auth
