#include "auth/sigv4.h"

#include "auth/text.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gust::auth {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// Trims, and folds every run of blanks into one space.
void append_folded(std::string& out, std::string_view value) {
  const auto start = out.size();
  bool gap = false;
  for (const char c : value) {
    if (is_blank(c)) {
      gap = out.size() > start;
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c;
  }
}

// Removes ".", ".." and empty segments; a trailing slash stays.
std::string normalised(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool trailing = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), segment.size() + 1));
    if (segment.empty() || segment == ".") continue;
    if (segment != "..") {
      segments.push_back(segment);
    } else if (!segments.empty()) {
      segments.pop_back();
    }
  }
  auto out = fmt::format("/{}", fmt::join(segments, "/"));
  if (trailing && !segments.empty()) out += '/';
  return out;
}

}  // namespace

std::string Scope::str() const { return fmt::format("{}/{}/{}/aws4_request", date, region, service); }

PathStyle path_style(std::string_view service) {
  return service == "s3" || service == "s3express" ? PathStyle::kObject : PathStyle::kNormalised;
}

Result<std::string> canonical_path(std::string_view path, PathStyle style) {
  if (path.empty()) return "/";
  if (style == PathStyle::kNormalised) return codec::percent_encode(normalised(path), codec::Slash::kKeep);
  const auto decoded = codec::percent_decode(path);
  if (!decoded) return fail(Code::kInvalid, "Couldn't parse the specified URI.", "uri");
  return codec::percent_encode(*decoded, codec::Slash::kKeep);
}

Result<std::string> canonical_query(std::string_view query) {
  auto parsed = codec::parse_query(query, codec::Plus::kIsPlus);
  if (!parsed) return fail(Code::kInvalid, "Couldn't parse the specified URI.", "uri");
  auto pairs = *std::move(parsed);
  std::erase_if(pairs, [](const auto& pair) { return pair.first == "X-Amz-Signature"; });
  for (auto& [name, value] : pairs) {
    name = codec::percent_encode(name);
    value = codec::percent_encode(value);
  }
  std::ranges::sort(pairs);
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out.append(name).append("=").append(value);
  }
  return out;
}

std::string canonical_value(const http::Headers& headers, std::string_view name) {
  std::string out;
  bool first = true;
  for (const auto& [field, value] : headers.all()) {
    if (lower_ascii(field) != name) continue;
    if (!first) out += ',';
    first = false;
    append_folded(out, value);
  }
  return out;
}

Result<std::string> canonical_request(const http::Request& request, const std::vector<std::string>& signed_headers,
                                      std::string_view payload_hash, PathStyle style) {
  GUST_TRY(const auto path, canonical_path(request.path, style));
  GUST_TRY(const auto query, canonical_query(request.query));
  std::string out = fmt::format("{}\n{}\n{}\n", request.method, path, query);
  for (const auto& name : signed_headers) out += fmt::format("{}:{}\n", name, canonical_value(request.headers, name));
  out += fmt::format("\n{}\n{}", fmt::join(signed_headers, ";"), payload_hash);
  return out;
}

std::string string_to_sign(std::string_view timestamp, const Scope& scope, std::string_view canonical_request) {
  return fmt::format("{}\n{}\n{}\n{}", kAlgorithm, timestamp, scope.str(), codec::sha256_hex(canonical_request));
}

std::string signing_key(std::string_view secret, const Scope& scope) {
  auto key = codec::hmac_sha256(fmt::format("AWS4{}", secret), scope.date);
  key = codec::hmac_sha256(key, scope.region);
  key = codec::hmac_sha256(key, scope.service);
  return codec::hmac_sha256(key, "aws4_request");
}

std::string signature(std::string_view signing_key, std::string_view string_to_sign) {
  return codec::to_hex(codec::hmac_sha256(signing_key, string_to_sign));
}

}  // namespace gust::auth
