#include "auth/sigv2.h"

#include "auth/text.h"
#include "codec/base64.h"
#include "codec/digest.h"
#include "codec/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

namespace gust::auth {
namespace {

// The query parameters that are part of what is signed.
constexpr std::array<std::string_view, 30> kSubresources = {"accelerate",
                                                            "acl",
                                                            "cors",
                                                            "delete",
                                                            "lifecycle",
                                                            "location",
                                                            "logging",
                                                            "notification",
                                                            "partNumber",
                                                            "policy",
                                                            "restore",
                                                            "tagging",
                                                            "torrent",
                                                            "uploadId",
                                                            "uploads",
                                                            "versionId",
                                                            "versioning",
                                                            "versions",
                                                            "website",
                                                            "inventory",
                                                            "metrics",
                                                            "replication",
                                                            "response-cache-control",
                                                            "response-content-disposition",
                                                            "response-content-encoding",
                                                            "response-content-language",
                                                            "response-content-type",
                                                            "response-expires",
                                                            "requestPayment",
                                                            "object-lock"};

// RFC 2104 with SHA-1.
std::string hmac_sha1(std::string_view key, std::string_view text) {
  constexpr std::size_t kBlock = 64;
  std::string block = key.size() > kBlock ? codec::digest(codec::DigestKind::kSha1, key) : std::string(key);
  block.resize(kBlock, '\0');
  std::string inner = block, outer = block;
  for (auto& c : inner) c = static_cast<char>(c ^ 0x36);
  for (auto& c : outer) c = static_cast<char>(c ^ 0x5c);
  inner += text;
  return codec::digest(codec::DigestKind::kSha1, outer + codec::digest(codec::DigestKind::kSha1, inner));
}

std::optional<std::string> find(const codec::QueryPairs& pairs, std::string_view name) {
  const auto it = std::ranges::find(pairs, name, &codec::QueryPairs::value_type::first);
  if (it == pairs.end()) return std::nullopt;
  return it->second;
}

std::string resource(std::string_view path, std::string_view raw_query, codec::QueryPairs pairs) {
  std::vector<std::string> kept;
  std::ranges::sort(pairs);
  for (const auto& [name, value] : pairs) {
    if (std::ranges::find(kSubresources, name) == kSubresources.end()) continue;
    const bool valued = raw_query.contains(name + "=");
    kept.push_back(valued ? fmt::format("{}={}", name, value) : name);
  }
  return kept.empty() ? std::string(path) : fmt::format("{}?{}", path, fmt::join(kept, "&"));
}

// "bucket" of bucket.s3.localhost:4566 or bucket.localhost:4566; empty for the endpoint itself.
std::string_view bucket_in_host(std::string_view host) {
  host = host.substr(0, host.rfind(':'));
  if (const auto at = host.find(".s3"); at != std::string_view::npos) return host.substr(0, at);
  if (host.ends_with(".localhost") && !host.starts_with("s3.")) return host.substr(0, host.size() - 10);
  return {};
}

}  // namespace

Result<std::optional<QueryV2>> parse_query_v2(const http::Request& request) {
  if (!request.query.contains("AWSAccessKeyId=") || !request.query.contains("Signature=")) return std::nullopt;
  GUST_TRY(const auto pairs, codec::parse_query(request.query, codec::Plus::kIsPlus));
  const auto key = find(pairs, "AWSAccessKeyId"), signature = find(pairs, "Signature"),
             expires = find(pairs, "Expires");
  if (!key || !signature) return std::nullopt;
  std::int64_t seconds = 0;
  const auto text = expires.value_or("");
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  constexpr std::int64_t kYear9999 = 253'402'300'799;
  if (problem != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds > kYear9999) {
    return fail(Code::kInvalid,
                fmt::format("Expires '{}' of the presigned URL is not a time in seconds since 1970", text),
                "authorization-query");
  }
  return QueryV2{*key, *signature, text, from_epoch_ms(seconds * 1000),
                 find(pairs, "x-amz-security-token").value_or("")};
}

Result<std::vector<std::string>> signatures_v2(const http::Request& request, const QueryV2& query,
                                               std::string_view secret) {
  GUST_TRY(const auto pairs, codec::parse_query(request.query, codec::Plus::kIsPlus));
  // What botocore signs as headers it sends as lower-case query parameters.
  const auto field = [&](std::string_view name) {
    if (const auto value = find(pairs, name)) return *value;
    return std::string(trimmed(request.headers.get_or(name, "")));
  };
  std::map<std::string, std::string> amz;
  for (const auto& [name, value] : pairs) {
    if (name.starts_with("x-amz-")) amz[name] = value;
  }
  for (const auto& [name, value] : request.headers.all()) {
    if (const auto lower = lower_ascii(name); lower.starts_with("x-amz-")) amz[lower] = std::string(trimmed(value));
  }
  auto text =
      fmt::format("{}\n{}\n{}\n{}\n", request.method, field("content-md5"), field("content-type"), query.expires);
  for (const auto& [name, value] : amz) text += fmt::format("{}:{}\n", name, value);
  std::vector<std::string> out;
  const auto add = [&](std::string_view path) {
    out.push_back(codec::to_base64(hmac_sha1(secret, text + resource(path, request.query, pairs))));
  };
  add(request.path);
  if (request.path.find('/', 1) == std::string::npos) add(request.path + "/");  // so botocore signs a bucket's path
  if (const auto bucket = bucket_in_host(request.host()); !bucket.empty())
    add(fmt::format("/{}{}", bucket, request.path));
  return out;
}

std::string policy_signature_v2(std::string_view policy, std::string_view secret) {
  return codec::to_base64(hmac_sha1(secret, policy));
}

}  // namespace gust::auth
