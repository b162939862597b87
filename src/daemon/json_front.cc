#include "daemon/json_front.h"

#include "codec/crc.h"
#include "codec/time_format.h"
#include "codec/url.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <vector>

namespace gust::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kSkew = 15min;  // as auth/ allows it

http::Response plain(int status, std::string body) {
  http::Response out;
  out.status = status;
  out.headers.set("x-amz-crc32", std::to_string(codec::crc32(0, std::as_bytes(std::span(body)))));
  out.body = std::move(body);
  return out;
}

http::Response preflight(const http::Request& request) {
  http::Response out;
  out.status = 200;
  out.headers.set("Access-Control-Allow-Origin", "*");
  for (const auto& [asked, allowed] :
       {std::pair{"access-control-request-headers", "Access-Control-Allow-Headers"},
        {"access-control-request-method", "Access-Control-Allow-Methods"}}) {
    if (const auto value = request.headers.get(asked)) out.headers.set(allowed, std::string(*value));
  }
  out.headers.set("Access-Control-Max-Age", "172800");
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

bool is_json(std::string_view content_type) {
  const auto type = trimmed(content_type.substr(0, content_type.find(';')));
  return type == "application/json" || type == "application/x-amz-json-1.0";
}

// The members of an Authorization header, which commas or blanks part.
bool has_parameter(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const auto end = header.find_first_of(", ");
    const auto piece = header.substr(0, end);
    if (piece.starts_with(name) && piece.size() > name.size() + 1 && piece[name.size()] == '=') return true;
    if (end == std::string_view::npos) return false;
    header.remove_prefix(end + 1);
  }
  return false;
}

wire::WireError incomplete(std::string message) {
  return {"IncompleteSignatureException", std::move(message), 400, {}};
}
wire::WireError invalid(std::string message) { return {"InvalidSignatureException", std::move(message), 400, {}}; }

// What the header lacks, all of it.
std::optional<wire::WireError> incomplete_header(const http::Request& request, std::string_view header) {
  std::string lacks;
  for (const auto* name : {"Credential", "Signature", "SignedHeaders"}) {
    if (!has_parameter(header, name))
      lacks += fmt::format("Authorization header requires '{}' parameter. ", name);
  }
  if (!request.headers.contains("x-amz-date") && !request.headers.contains("date"))
    lacks += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ";
  if (lacks.empty()) return std::nullopt;
  return incomplete(fmt::format("{}Authorization={}", lacks, header));
}

std::optional<std::string> query_value(const http::Request& request, std::string_view name) {
  const auto pairs = codec::parse_query(request.query, codec::Plus::kIsPlus);
  if (!pairs) return std::nullopt;
  const auto it = std::ranges::find(*pairs, name, &codec::QueryPairs::value_type::first);
  return it == pairs->end() ? std::nullopt : std::optional(it->second);
}

std::optional<wire::WireError> incomplete_query(const http::Request& request) {
  std::string lacks;
  for (const auto* name : {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature", "X-Amz-SignedHeaders",
                           "X-Amz-Date"}) {
    if (query_value(request, name).value_or("").empty())
      lacks += fmt::format("AWS query-string parameters must include '{}'. ", name);
  }
  if (lacks.empty()) return std::nullopt;
  return incomplete(lacks + "Re-examine the query-string parameters.");
}

// The value of one parameter of the Authorization header, or of the query.
std::string parameter(const http::Request& request, std::string_view name) {
  auto header = request.headers.get_or("authorization", "");
  while (!header.empty()) {
    const auto end = header.find_first_of(", ");
    const auto piece = header.substr(0, end);
    if (piece.starts_with(name) && piece.size() > name.size() && piece[name.size()] == '=')
      return std::string(piece.substr(name.size() + 1));
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  return query_value(request, fmt::format("X-Amz-{}", name)).value_or("");
}

std::string date_of(const http::Request& request) {
  if (const auto date = request.headers.get("x-amz-date")) return std::string(trimmed(*date));
  return query_value(request, "X-Amz-Date").value_or("");
}

// What is wrong with a credential and its date, as parts of a sentence each.
std::optional<wire::WireError> credential_error(const http::Request& request, std::string_view service) {
  const auto credential = parameter(request, "Credential");
  std::vector<std::string> parts(1);
  for (const char c : credential) {
    if (c == '/')
      parts.emplace_back();
    else
      parts.back() += c;
  }
  if (parts.size() < 5) {
    return incomplete(fmt::format("Credential must have exactly 5 slash-delimited elements, e.g. "
                                  "keyid/date/region/service/term, got '{}'",
                                  credential));
  }
  const auto date = date_of(request);
  if (!date.empty() && !(date.size() == 16 && codec::from_iso8601(date))) {
    return incomplete(fmt::format("Date must be in ISO-8601 'basic format'. Got '{}'. See "
                                  "http://en.wikipedia.org/wiki/ISO_8601",
                                  date));
  }
  const auto n = parts.size();
  std::string wrong;
  if (parts[n - 3].empty()) wrong += "Credential should be scoped to a valid region, not ''. ";
  if (parts[n - 2] != service) wrong += fmt::format("Credential should be scoped to correct service: '{}'. ", service);
  if (parts[n - 1] != "aws4_request") {
    wrong += fmt::format("Credential should be scoped with a valid terminator: 'aws4_request', not '{}'. ",
                         parts[n - 1]);
  }
  if (!date.empty() && !date.starts_with(parts[n - 4])) {
    wrong += fmt::format("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
                         "'{}' != '{}', from '{}'. ",
                         parts[n - 4], date.substr(0, 8), date);
  }
  return wrong.empty() ? std::nullopt : std::optional(invalid(std::move(wrong)));
}

wire::WireError skewed(const http::Request& request, WallTime now) {
  const auto given = date_of(request);
  const auto at = codec::from_iso8601(given);
  const auto text = [](WallTime time) { return codec::to_iso8601_basic(time); };
  if (at && *at > now) {
    return invalid(fmt::format("Signature not yet current: {} is still later than {} ({} + 15 min.)", given,
                               text(now + kSkew), text(now)));
  }
  return invalid(fmt::format("Signature expired: {} is now earlier than {} ({} - 15 min.)", given, text(now - kSkew),
                             text(now)));
}

}  // namespace

std::optional<http::Response> answer_plainly(const http::Request& request, std::string_view region) {
  if (request.method == "OPTIONS" && request.headers.contains("origin")) return preflight(request);
  if (request.method == "GET") return plain(200, fmt::format("healthy: dynamodb.{}.amazonaws.com ", region));
  const bool has_body = request.content_length.value_or(1) > 0;
  const auto type = request.headers.get_or("content-type", "");
  if (request.method == "POST" && (is_json(type) || !has_body)) return std::nullopt;
  return plain(404, "<UnknownOperationException/>\n");
}

bool names_operation(const wire::Model& model, const http::Request& request) {
  return model.operation(wire::target_operation(model, request.headers)) != nullptr;
}

wire::WireError unsigned_error(const http::Request& request) {
  const auto header = trimmed(request.headers.get_or("authorization", ""));
  const bool in_query = query_value(request, "X-Amz-Algorithm").has_value();
  if (!header.empty() && in_query)
    return invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  if (header.starts_with("AWS4-")) {
    if (auto lacks = incomplete_header(request, header)) return *lacks;
  } else if (in_query) {
    if (auto lacks = incomplete_query(request)) return *lacks;
  }
  return {"MissingAuthenticationTokenException", "Request is missing Authentication Token", 400, {}};
}

wire::WireError json_auth_error(const Error& error, const http::Request& request, std::string_view service,
                                WallTime now) {
  const auto& source = error.source;
  if (auto lacks = unsigned_error(request); lacks.code != "MissingAuthenticationTokenException") return lacks;
  if (source == "access-key" || source == "token")
    return {"UnrecognizedClientException", "The security token included in the request is invalid.", 400, {}};
  if (source == "token-expired")
    return {"ExpiredTokenException", "The security token included in the request is expired", 400, {}};
  if (source == "signature") {
    return invalid(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.");
  }
  if (source == "clock-skew" || source == "expired") return skewed(request, now);
  if (source == "unsigned-header") return invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  if (source == "authorization-type")
    return {"MissingAuthenticationTokenException", "Request is missing Authentication Token", 400, {}};
  if (source == "algorithm") {
    const auto header = trimmed(request.headers.get_or("authorization", ""));
    return incomplete(fmt::format("Unsupported AWS 'algorithm': '{}' (only AWS4-HMAC-SHA256 for now). ",
                                  header.substr(0, header.find(' '))));
  }
  if (source == "authorization" || source == "authorization-query") {
    if (auto wrong = credential_error(request, service)) return *wrong;
  }
  if (source == "body") return {"RequestEntityTooLargeException", error.message, 413, {}};
  if (error.code == Code::kInvalid || error.code == Code::kUnsupported) return incomplete(error.message);
  return {"InternalServerError", "the signature could not be checked", 500, {}};
}

}  // namespace gust::daemon
