#include "auth/authorization.h"

#include "auth/text.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gust::auth {
namespace {

constexpr std::size_t kMaxSignedHeaders = 256;
constexpr std::int64_t kMaxExpiresSeconds = 7 * 24 * 3600;

constexpr std::string_view kHeaderSource = "authorization";
constexpr std::string_view kQuerySource = "authorization-query";

std::unexpected<Error> malformed(Mechanism mechanism, std::string message) {
  return fail(Code::kInvalid, std::move(message),
              std::string(mechanism == Mechanism::kHeader ? kHeaderSource : kQuerySource));
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// KEY/yyyymmdd/region/service/aws4_request; the key id may hold slashes, so the parts count from the end.
Result<void> parse_credential(Authorization& out, std::string_view text) {
  const auto parts = split(text, '/');
  if (parts.size() < 5 || parts.back() != "aws4_request") {
    return malformed(out.mechanism, fmt::format("the credential '{}' is malformed: expected "
                                                "ACCESS-KEY/YYYYMMDD/REGION/SERVICE/aws4_request",
                                                text));
  }
  const auto n = parts.size();
  out.scope = {std::string(parts[n - 4]), std::string(parts[n - 3]), std::string(parts[n - 2])};
  out.access_key_id = std::string(text.substr(0, parts[n - 4].data() - text.data() - 1));
  const bool date_ok =
      out.scope.date.size() == 8 && out.scope.date.find_first_not_of("0123456789") == std::string::npos;
  if (!date_ok || out.scope.region.empty() || out.scope.service.empty() || out.access_key_id.empty()) {
    return malformed(out.mechanism,
                     fmt::format("the credential '{}' has an empty part or a date that is not YYYYMMDD", text));
  }
  return {};
}

Result<void> parse_signed_headers(Authorization& out, std::string_view text) {
  for (const auto name : split(text, ';')) {
    if (name.empty() || std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; })) {
      return malformed(out.mechanism, fmt::format("SignedHeaders '{}' must be lower-case names joined by ';'", text));
    }
    out.signed_headers.emplace_back(name);
  }
  if (out.signed_headers.size() > kMaxSignedHeaders) {
    return malformed(out.mechanism, fmt::format("SignedHeaders names {} headers; {} is the most",
                                                out.signed_headers.size(), kMaxSignedHeaders));
  }
  std::ranges::sort(out.signed_headers);
  return {};
}

Result<void> parse_signature(Authorization& out, std::string_view text) {
  if (!is_hex_digest(text)) {
    return malformed(out.mechanism, "the signature must be 64 lower-case hexadecimal digits");
  }
  out.signature = std::string(text);
  return {};
}

Result<void> parse_timestamp(Authorization& out, std::string_view text) {
  const auto at = text.size() == 16 ? codec::from_iso8601(text) : fail(Code::kInvalid, "");
  if (!at) {
    return malformed(out.mechanism, fmt::format("X-Amz-Date '{}' is not of the form YYYYMMDDTHHMMSSZ", text));
  }
  out.signed_at = *at;
  out.timestamp = std::string(text);
  return {};
}

Result<void> check_scope_date(const Authorization& out) {
  if (out.timestamp.starts_with(out.scope.date)) return {};
  return malformed(out.mechanism, fmt::format("the date {} of the credential is not the day of the request, {}",
                                              out.scope.date, out.timestamp.substr(0, 8)));
}

Result<void> parse_header_date(Authorization& out, const http::Headers& headers) {
  if (const auto date = headers.get("x-amz-date")) return parse_timestamp(out, trimmed(*date));
  const auto date = headers.get("date");
  if (!date) return malformed(out.mechanism, "a signed request needs the header X-Amz-Date or Date");
  const auto at = codec::from_http_date(trimmed(*date));
  if (!at) return parse_timestamp(out, trimmed(*date));
  out.signed_at = *at;
  out.timestamp = codec::to_iso8601_basic(*at);
  return {};
}

Result<Authorization> parse_header(std::string_view text, const http::Headers& headers) {
  Authorization out;
  text.remove_prefix(kAlgorithm.size());
  std::optional<std::string_view> credential, signed_headers, signature;
  for (const auto piece : split(text, ',')) {
    const auto field = trimmed(piece);
    const auto equals = field.find('=');
    const auto name = field.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view() : field.substr(equals + 1);
    if (name == "Credential") credential = value;
    else if (name == "SignedHeaders") signed_headers = value;
    else if (name == "Signature") signature = value;
  }
  if (!credential || !signed_headers || !signature) {
    return malformed(
        out.mechanism,
        fmt::format("the Authorization header needs Credential, SignedHeaders and Signature; {} is missing",
                    !credential       ? "Credential"
                    : !signed_headers ? "SignedHeaders"
                                      : "Signature"));
  }
  GUST_CHECK(parse_credential(out, *credential));
  GUST_CHECK(parse_signed_headers(out, *signed_headers));
  GUST_CHECK(parse_signature(out, *signature));
  GUST_CHECK(parse_header_date(out, headers));
  GUST_CHECK(check_scope_date(out));
  out.session_token = std::string(trimmed(headers.get_or("x-amz-security-token", "")));
  out.payload_hash = std::string(trimmed(headers.get_or("x-amz-content-sha256", "")));
  return out;
}

Result<Millis> parse_expires(std::string_view text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || end != text.data() + text.size() || seconds < 1 || seconds > kMaxExpiresSeconds) {
    return malformed(Mechanism::kQuery,
                     fmt::format("X-Amz-Expires '{}' must be between 1 and {} seconds", text, kMaxExpiresSeconds));
  }
  return Millis(seconds * 1000);
}

std::optional<std::string_view> find(const codec::QueryPairs& pairs, std::string_view name) {
  const auto it = std::ranges::find(pairs, name, &codec::QueryPairs::value_type::first);
  if (it == pairs.end()) return std::nullopt;
  return it->second;
}

Result<Authorization> parse_presigned(const codec::QueryPairs& pairs, const http::Headers& headers) {
  Authorization out;
  out.mechanism = Mechanism::kQuery;
  for (const auto name :
       {"X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature", "X-Amz-Date", "X-Amz-Expires"}) {
    if (!find(pairs, name)) {
      return malformed(out.mechanism,
                       fmt::format("a presigned URL needs the query parameters X-Amz-Algorithm, "
                                   "X-Amz-Credential, X-Amz-SignedHeaders, X-Amz-Signature, X-Amz-Date and "
                                   "X-Amz-Expires; {} is missing",
                                   name));
    }
  }
  GUST_CHECK(parse_credential(out, *find(pairs, "X-Amz-Credential")));
  GUST_CHECK(parse_signed_headers(out, *find(pairs, "X-Amz-SignedHeaders")));
  GUST_CHECK(parse_signature(out, *find(pairs, "X-Amz-Signature")));
  GUST_CHECK(parse_timestamp(out, *find(pairs, "X-Amz-Date")));
  GUST_CHECK(check_scope_date(out));
  GUST_TRY(out.expires, parse_expires(*find(pairs, "X-Amz-Expires")));
  out.session_token = std::string(find(pairs, "X-Amz-Security-Token").value_or(""));
  out.payload_hash = std::string(find(pairs, "X-Amz-Content-Sha256").value_or(""));
  if (out.payload_hash.empty() && std::ranges::binary_search(out.signed_headers, "x-amz-content-sha256")) {
    out.payload_hash = std::string(trimmed(headers.get_or("x-amz-content-sha256", "")));
  }
  return out;
}

// Of the first parameter `name`, decoded; without looking at those behind it.
std::optional<std::string> first_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), piece.size() + 1));
    const auto equals = std::min(piece.find('='), piece.size());
    const auto raw = piece.substr(0, equals);
    if (raw != name && (!raw.contains('%') || codec::percent_decode(raw).value_or("") != name)) continue;
    auto value = codec::percent_decode(piece.substr(std::min(equals + 1, piece.size())));
    return value ? std::optional(*std::move(value)) : std::nullopt;
  }
  return std::nullopt;
}

std::unexpected<Error> wrong_algorithm(std::string_view given) {
  return fail(Code::kUnsupported,
              fmt::format("the authorization mechanism '{}' is not supported; use {}", given, kAlgorithm), "algorithm");
}

bool has_algorithm(std::string_view header) {
  return header.starts_with(kAlgorithm) && header.size() > kAlgorithm.size() && header[kAlgorithm.size()] == ' ';
}

}  // namespace

Result<std::optional<Authorization>> parse_authorization(const http::Request& request) {
  const auto header = request.headers.get("authorization");
  codec::QueryPairs pairs;
  if (request.query.contains("X-Amz-") || request.query.contains("AWSAccessKeyId=")) {
    auto parsed = codec::parse_query(request.query, codec::Plus::kIsPlus);
    if (!parsed) return fail(Code::kInvalid, "Couldn't parse the specified URI.", "uri");
    pairs = *std::move(parsed);
  }
  const auto algorithm = find(pairs, "X-Amz-Algorithm");
  const bool presigned = algorithm || find(pairs, "X-Amz-Signature");
  if (header && presigned) {
    return fail(Code::kInvalid,
                "the request is signed twice, by the Authorization header and by the query; use only one",
                "two-mechanisms");
  }
  if (presigned) {
    if (algorithm.value_or("") != kAlgorithm) {
      return malformed(Mechanism::kQuery, fmt::format("X-Amz-Algorithm must be {}", kAlgorithm));
    }
    GUST_TRY(auto out, parse_presigned(pairs, request.headers));
    return out;
  }
  if (find(pairs, "AWSAccessKeyId") && find(pairs, "Signature")) return wrong_algorithm("Signature Version 2");
  const auto text = trimmed(header.value_or(""));
  if (text.empty()) return std::nullopt;  // a header that says nothing is none
  if (!text.starts_with("AWS"))
    return fail(Code::kInvalid, "Unsupported Authorization Type", "authorization-type");
  if (!has_algorithm(text)) return wrong_algorithm(text.substr(0, text.find(' ')));
  GUST_TRY(auto out, parse_header(text, request.headers));
  return out;
}

std::optional<Scope> scope_of(const http::Request& request) {
  Authorization out;
  if (const auto header = request.headers.get("authorization")) {
    const auto at = header->find("Credential=");
    if (!has_algorithm(*header) || at == std::string_view::npos) return std::nullopt;
    const auto rest = header->substr(at + 11);
    if (!parse_credential(out, trimmed(rest.substr(0, rest.find(','))))) return std::nullopt;
    return out.scope;
  }
  if (request.query.contains("AWSAccessKeyId=") && request.query.contains("Signature=")) {
    return Scope{{}, std::string(kDefaultRegion), "s3"};  // Signature Version 2 is only S3's
  }
  if (!request.query.contains("X-Amz-Credential=")) return std::nullopt;
  const auto credential = first_value(request.query, "X-Amz-Credential");
  if (!credential || !parse_credential(out, *credential)) return std::nullopt;
  return out.scope;
}

}  // namespace gust::auth
