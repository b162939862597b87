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

std::unexpected<Error> bad_uri() { return fail(Code::kInvalid, "Couldn't parse the specified URI.", "uri"); }

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

std::string Scope::str() const {
  std::string out;
  out.reserve(date.size() + region.size() + service.size() + 15);
  return out.append(date).append("/").append(region).append("/").append(service).append("/aws4_request");
}

PathStyle path_style(std::string_view service) {
  return service == "s3" || service == "s3express" ? PathStyle::kObject : PathStyle::kNormalised;
}

Result<std::string> canonical_path(std::string_view path, PathStyle style) {
  if (path.empty()) return "/";
  if (style == PathStyle::kNormalised) return codec::percent_encode(normalised(path), codec::Slash::kKeep);
  std::string out;
  out.reserve(path.size());
  if (!codec::append_canonical(out, path, codec::Slash::kKeep)) return bad_uri();
  return out;
}

// Written in the order in which it comes, which mostly is the order that is wanted; put into that order when it is not.
Result<std::string> canonical_query(std::string_view query) {
  struct Piece {
    std::size_t begin, name_end, end;
  };
  std::string out;
  out.reserve(query.size() + 16);
  std::vector<Piece> pieces;
  while (!query.empty()) {
    const auto raw = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), raw.size() + 1));
    if (raw.empty()) continue;
    const auto equals = std::min(raw.find('='), raw.size());
    const auto before = out.size();
    if (before > 0) out += '&';
    Piece piece{out.size(), 0, 0};
    if (!codec::append_canonical(out, raw.substr(0, equals))) return bad_uri();
    piece.name_end = out.size();
    out += '=';
    if (!codec::append_canonical(out, raw.substr(std::min(equals + 1, raw.size())))) return bad_uri();
    piece.end = out.size();
    if (std::string_view(out).substr(piece.begin, piece.name_end - piece.begin) == "X-Amz-Signature") {
      out.resize(before);
    } else {
      pieces.push_back(piece);
    }
  }
  const auto pair = [text = std::string_view(out)](const Piece& piece) {
    return std::pair(text.substr(piece.begin, piece.name_end - piece.begin),
                     text.substr(piece.name_end, piece.end - piece.name_end));
  };
  if (std::ranges::is_sorted(pieces, {}, pair)) return out;
  std::ranges::sort(pieces, {}, pair);
  std::string sorted;
  sorted.reserve(out.size());
  for (const auto& piece : pieces) {
    if (!sorted.empty()) sorted += '&';
    sorted.append(out, piece.begin, piece.end - piece.begin);
  }
  return sorted;
}

std::string canonical_value(const http::Headers& headers, std::string_view name) {
  std::string out;
  bool first = true;
  for (const auto& [field, value] : headers.all()) {
    if (!is_named(field, name)) continue;
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
  std::string out;
  out.reserve(request.method.size() + path.size() + query.size() + 512);
  out.append(request.method).append("\n").append(path).append("\n").append(query).append("\n");
  for (const auto& name : signed_headers)
    out.append(name).append(":").append(canonical_value(request.headers, name)).append("\n");
  for (const char* separator = "\n"; const auto& name : signed_headers) {
    out.append(separator).append(name);
    separator = ";";
  }
  if (signed_headers.empty()) out += '\n';
  out.append("\n").append(payload_hash);
  return out;
}

std::string string_to_sign(std::string_view timestamp, const Scope& scope, std::string_view canonical_request) {
  std::string out;
  out.reserve(256);
  out.append(kAlgorithm).append("\n").append(timestamp).append("\n").append(scope.str()).append("\n");
  return out.append(codec::sha256_hex(canonical_request));
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
