// Signing for clients: the header form and the presigned query (the command line, the tests). Any thread.
#pragma once

#include "auth/keys.h"
#include "auth/sigv4.h"
#include "base/time.h"

namespace gust::auth {

struct SignOptions {
  std::string service;
  std::string region{kDefaultRegion};
  WallTime now;
  // Hexadecimal SHA-256 of the body, or UNSIGNED-PAYLOAD.
  std::string payload_hash{kEmptyHash};
};

// Sets X-Amz-Date, X-Amz-Content-Sha256, X-Amz-Security-Token and Authorization. The request needs its Host header; all
// headers present are signed but those that proxies change. kInvalid on a malformed path or query.
Result<void> sign(http::Request& request, const Keys& keys, const SignOptions& options);

// Adds the X-Amz-* parameters to the query (and to target); only Host is signed. `expires` is 1 s to 7 days.
Result<void> presign(http::Request& request, const Keys& keys, const SignOptions& options, Millis expires);

// The Authorization header for headers that are already complete: what the published test vectors ask for.
Result<std::string> authorization_header(const http::Request& request, const Keys& keys, const Scope& scope,
                                         std::string_view timestamp, const std::vector<std::string>& signed_headers,
                                         std::string_view payload_hash);

}  // namespace gust::auth
