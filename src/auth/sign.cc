#include "auth/sign.h"

#include "auth/text.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gust::auth {
namespace {

constexpr std::array<std::string_view, 6> kNeverSigned = {"authorization", "connection",        "expect",
                                                          "user-agent",    "transfer-encoding", "x-amzn-trace-id"};

std::vector<std::string> names_to_sign(const http::Headers& headers) {
  std::vector<std::string> names;
  for (const auto& [name, value] : headers.all()) {
    auto lower = lower_ascii(name);
    if (std::ranges::find(kNeverSigned, lower) == kNeverSigned.end()) names.push_back(std::move(lower));
  }
  std::ranges::sort(names);
  const auto repeats = std::ranges::unique(names);
  names.erase(repeats.begin(), repeats.end());
  return names;
}

}  // namespace

Result<std::string> authorization_header(const http::Request& request, const Keys& keys, const Scope& scope,
                                         std::string_view timestamp, const std::vector<std::string>& signed_headers,
                                         std::string_view payload_hash) {
  GUST_TRY(const auto canonical, canonical_request(request, signed_headers, payload_hash, path_style(scope.service)));
  const auto to_sign = string_to_sign(timestamp, scope, canonical);
  return fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm, keys.access_key_id, scope.str(),
                     fmt::join(signed_headers, ";"), signature(signing_key(keys.secret, scope), to_sign));
}

Result<void> sign(http::Request& request, const Keys& keys, const SignOptions& options) {
  const auto timestamp = codec::to_iso8601_basic(options.now);
  request.headers.set("X-Amz-Date", timestamp);
  request.headers.set("X-Amz-Content-Sha256", options.payload_hash);
  if (!keys.session_token.empty()) request.headers.set("X-Amz-Security-Token", keys.session_token);
  const Scope scope{timestamp.substr(0, 8), options.region, options.service};
  GUST_TRY(auto header, authorization_header(request, keys, scope, timestamp, names_to_sign(request.headers),
                                             options.payload_hash));
  request.headers.set("Authorization", std::move(header));
  return {};
}

Result<void> presign(http::Request& request, const Keys& keys, const SignOptions& options, Millis expires) {
  const auto timestamp = codec::to_iso8601_basic(options.now);
  const Scope scope{timestamp.substr(0, 8), options.region, options.service};
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!request.query.empty()) request.query += '&';
    request.query += fmt::format("{}={}", name, codec::percent_encode(value));
  };
  add("X-Amz-Algorithm", kAlgorithm);
  add("X-Amz-Credential", fmt::format("{}/{}", keys.access_key_id, scope.str()));
  add("X-Amz-Date", timestamp);
  add("X-Amz-Expires", fmt::format("{}", expires.count() / 1000));
  if (!keys.session_token.empty()) add("X-Amz-Security-Token", keys.session_token);
  add("X-Amz-SignedHeaders", "host");
  const bool object = path_style(options.service) == PathStyle::kObject;
  GUST_TRY(const auto canonical, canonical_request(request, {"host"}, object ? kUnsignedPayload : options.payload_hash,
                                                   path_style(options.service)));
  add("X-Amz-Signature", signature(signing_key(keys.secret, scope), string_to_sign(timestamp, scope, canonical)));
  request.target = fmt::format("{}?{}", request.path, request.query);
  return {};
}

}  // namespace gust::auth
