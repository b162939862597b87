// The arithmetic of Signature Version 4: canonical request, string to sign, signature. Pure functions; no policy about
// which requests are accepted (authenticator.h). Source: "AWS Signature Version 4 signing process". Any thread.
#pragma once

#include "base/result.h"
#include "http/message.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::auth {

inline constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view kEmptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// The credential scope: yyyymmdd/region/service/aws4_request.
struct Scope {
  std::string date;
  std::string region;
  std::string service;

  std::string str() const;
  bool operator==(const Scope&) const = default;
};

// S3 takes the path as it is and encodes it once; every other service normalises it and encodes the encoded path again.
enum class PathStyle { kObject, kNormalised };
PathStyle path_style(std::string_view service);

// kInvalid on a malformed percent-encoding (only kObject decodes).
Result<std::string> canonical_path(std::string_view path, PathStyle style);
// Sorted by name, then value; X-Amz-Signature is left out. kInvalid on a malformed percent-encoding.
Result<std::string> canonical_query(std::string_view query);
// The trimmed, folded value of the header `name` (lower-case), repeats joined by commas.
std::string canonical_value(const http::Headers& headers, std::string_view name);

// `signed_headers` are lower-case and sorted. kInvalid as above.
Result<std::string> canonical_request(const http::Request& request, const std::vector<std::string>& signed_headers,
                                      std::string_view payload_hash, PathStyle style);
std::string string_to_sign(std::string_view timestamp, const Scope& scope, std::string_view canonical_request);
// The raw key derived from a secret for one scope.
std::string signing_key(std::string_view secret, const Scope& scope);
// 64 hexadecimal digits.
std::string signature(std::string_view signing_key, std::string_view string_to_sign);

}  // namespace gust::auth
