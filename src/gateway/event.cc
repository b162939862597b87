#include "gateway/event.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "codec/url.h"

#include <boost/json.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::gateway {
namespace {

namespace json = boost::json;

constexpr std::string_view kProtocol = "HTTP/1.1";

// Fields of one connection, which end at the gateway (RFC 9110, section 7.6.1).
constexpr std::array<std::string_view, 8> kOfTheConnection = {
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "expect"};

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Bytes that JSON can hold: what is not UTF-8 is taken as Latin-1, as headers were once defined.
std::string as_text(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  std::string out;
  for (const char raw : bytes) {
    const auto c = static_cast<unsigned char>(raw);
    if (c < 0x80) {
      out += raw;
    } else {
      out += static_cast<char>(0xC0 | (c >> 6));
      out += static_cast<char>(0x80 | (c & 0x3F));
    }
  }
  return out;
}

// 12/Mar/2020:19:03:58 +0000
std::string log_time(WallTime time) {
  return fmt::format("{:%d/%b/%Y:%H:%M:%S} +0000", std::chrono::floor<std::chrono::seconds>(time));
}

// The request's fields and those that the service adds; names as they came.
std::vector<std::pair<std::string, std::string>> all_headers(const EventInput& in) {
  std::vector<std::pair<std::string, std::string>> out;
  std::string forwarded;
  std::string port = "80";
  for (const auto& [name, value] : in.request.headers.all()) {
    const auto key = lower(name);
    if (std::ranges::find(kOfTheConnection, key) != kOfTheConnection.end()) continue;
    if (key == "x-forwarded-for") {
      forwarded += (forwarded.empty() ? "" : ", ") + as_text(value);
      continue;
    }
    if (key == "x-forwarded-proto" || key == "x-forwarded-port" || key == "x-amzn-trace-id" ||
        key == "traceparent")
      continue;
    if (key == "host") {
      const auto colon = value.rfind(':');
      if (colon != value.npos && value.find(']', colon) == value.npos)
        port = as_text(std::string_view(value).substr(colon + 1));
    }
    out.emplace_back(name, as_text(value));
  }
  if (!in.request.headers.contains("content-length"))
    out.emplace_back("Content-Length", fmt::to_string(in.body.size()));
  out.emplace_back("X-Amzn-Trace-Id", in.context.trace.xray());
  if (in.request.headers.contains("traceparent")) out.emplace_back("traceparent", in.context.trace.traceparent());
  out.emplace_back("X-Forwarded-For", forwarded.empty() ? in.request.peer : forwarded + ", " + in.request.peer);
  out.emplace_back("X-Forwarded-Port", port);
  out.emplace_back("X-Forwarded-Proto", "http");
  return out;
}

json::object to_object(const Strings& strings, json::storage_ptr storage = {}) {
  json::object out(std::move(storage));
  for (const auto& [name, value] : strings) out[as_text(name)] = as_text(value);
  return out;
}

json::value object_or_null(const Strings& strings) {
  return strings.empty() ? json::value(nullptr) : json::value(to_object(strings));
}

std::string domain_prefix(const EventInput& in) { return in.domain_name.substr(0, in.domain_name.find('.')); }

void put_body(json::object& event, const EventInput& in) {
  const bool binary = is_binary(in.request.headers.get_or("content-type", ""), in.body);
  event["body"] = binary ? codec::to_base64(in.body) : in.body;
  event["isBase64Encoded"] = binary;
}

void put_headers_v2(json::object& event, const EventInput& in) {
  json::object headers(event.storage());
  json::array cookies(event.storage());
  for (const auto& [name, value] : all_headers(in)) {
    const auto key = lower(name);
    if (key != "cookie") {
      const auto [at, is_new] = headers.emplace(key, json::string_view(value));
      if (!is_new) at->value().as_string().append(",").append(value);
      continue;
    }
    std::string_view rest = value;
    while (!rest.empty()) {
      const auto end = rest.find(';');
      if (auto cookie = trim(rest.substr(0, end)); !cookie.empty()) cookies.emplace_back(cookie);
      rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  if (!cookies.empty()) event["cookies"] = std::move(cookies);
  event["headers"] = std::move(headers);
}

json::object authorizer_of(const Principal& who, json::storage_ptr storage) {
  return {{{"iam",
           {{"accessKey", who.access_key_id},
            {"accountId", who.account.str()},
            {"callerId", who.account.str()},
            {"cognitoIdentity", nullptr},
            {"principalOrgId", nullptr},
            {"userArn", who.arn},
            {"userId", who.account.str()}}}},
          std::move(storage)};
}

json::object context_v2(const EventInput& in, std::string_view path, const json::storage_ptr& storage) {
  json::object out(12, storage);
  out.emplace("accountId", in.api.account.str());
  out.emplace("apiId", in.api.id);
  if (in.signer != nullptr) out.emplace("authorizer", authorizer_of(*in.signer, storage));
  out.emplace("domainName", in.domain_name);
  out.emplace("domainPrefix", domain_prefix(in));
  auto& http = out["http"].emplace_object();
  http.reserve(5);
  http.emplace("method", in.request.method);
  http.emplace("path", path);
  http.emplace("protocol", kProtocol);
  http.emplace("sourceIp", in.request.peer);
  http.emplace("userAgent", as_text(in.request.headers.get_or("user-agent", "")));
  out.emplace("requestId", in.context.request_id.str());
  out.emplace("routeKey", in.route.key);
  out.emplace("stage", in.stage.id);
  out.emplace("time", log_time(in.now));
  out.emplace("timeEpoch", to_epoch_ms(in.now));
  return out;
}

void put_headers_v1(json::object& event, const EventInput& in) {
  json::object single;
  json::object multi;
  Strings spelling;  // lower case -> as first seen
  for (const auto& [name, value] : all_headers(in)) {
    const auto& key = spelling.try_emplace(lower(name), as_text(name)).first->second;
    single[key] = value;
    if (!multi.contains(key)) multi[key] = json::array();
    multi[key].as_array().emplace_back(value);
  }
  event["headers"] = std::move(single);
  event["multiValueHeaders"] = std::move(multi);
}

void put_query_v1(json::object& event, const codec::QueryPairs& query) {
  if (query.empty()) {
    event["queryStringParameters"] = nullptr;
    event["multiValueQueryStringParameters"] = nullptr;
    return;
  }
  json::object single;
  json::object multi;
  for (const auto& [raw_name, raw_value] : query) {
    const auto name = as_text(raw_name);
    single[name] = as_text(raw_value);
    if (!multi.contains(name)) multi[name] = json::array();
    multi[name].as_array().emplace_back(as_text(raw_value));
  }
  event["queryStringParameters"] = std::move(single);
  event["multiValueQueryStringParameters"] = std::move(multi);
}

json::object context_v1(const EventInput& in, const std::string& path, const std::string& resource) {
  json::object identity;
  for (const char* name :
       {"accessKey", "accountId", "caller", "clientCert", "cognitoAuthenticationProvider", "cognitoAuthenticationType",
        "cognitoIdentityId", "cognitoIdentityPoolId", "principalOrgId", "user", "userArn"}) {
    identity[name] = nullptr;
  }
  identity["sourceIp"] = in.request.peer;
  identity["userAgent"] = as_text(in.request.headers.get_or("user-agent", ""));
  json::object out;
  out["accountId"] = in.api.account.str();
  out["apiId"] = in.api.id;
  out["authorizer"] = {{"claims", nullptr}, {"scopes", nullptr}};
  out["domainName"] = in.domain_name;
  out["domainPrefix"] = domain_prefix(in);
  out["extendedRequestId"] = in.context.request_id.str();
  out["httpMethod"] = in.request.method;
  out["identity"] = std::move(identity);
  out["path"] = path;
  out["protocol"] = kProtocol;
  out["requestId"] = in.context.request_id.str();
  out["requestTime"] = log_time(in.now);
  out["requestTimeEpoch"] = to_epoch_ms(in.now);
  out["resourceId"] = in.route.key;
  out["resourcePath"] = resource;
  out["stage"] = in.stage.id;
  return out;
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto c = static_cast<unsigned char>(text[i]);
    const std::size_t more = c < 0x80                 ? 0
                             : c >= 0xC2 && c <= 0xDF ? 1
                             : (c & 0xF0) == 0xE0     ? 2
                             : c >= 0xF0 && c <= 0xF4 ? 3
                                                      : 9;
    if (more == 9 || i + more >= text.size()) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xC0) != 0x80) return false;
    }
    if (more >= 2) {
      const auto d = static_cast<unsigned char>(text[i + 1]);
      if ((c == 0xE0 && d < 0xA0) || (c == 0xED && d > 0x9F) || (c == 0xF0 && d < 0x90) || (c == 0xF4 && d > 0x8F))
        return false;
    }
    i += more + 1;
  }
  return true;
}

bool is_binary(std::string_view content_type, std::string_view body) {
  if (body.empty()) return false;
  if (!is_utf8(body)) return true;
  const auto type = lower(trim(content_type.substr(0, content_type.find(';'))));
  constexpr std::array<std::string_view, 3> kText = {"application/json", "application/javascript", "application/xml"};
  return !type.starts_with("text/") && std::ranges::find(kText, type) == kText.end();
}

Result<std::string> event_v2(const EventInput& in) {
  GUST_TRY(auto query, codec::parse_query(in.request.query));
  GUST_TRY(auto decoded, codec::percent_decode(in.path));
  const auto path = as_text(decoded);
  codec::JsonArena arena;
  json::object event(12, arena.storage());
  event.emplace("version", "2.0");
  event.emplace("routeKey", in.route.key);
  event.emplace("rawPath", path);
  event.emplace("rawQueryString", as_text(in.request.query));
  put_headers_v2(event, in);
  Strings joined;
  for (const auto& [name, value] : query) {
    auto [at, is_new] = joined.try_emplace(name, value);
    if (!is_new) at->second += "," + value;
  }
  const auto storage = arena.storage();
  if (!joined.empty()) event["queryStringParameters"] = to_object(joined, storage);
  event["requestContext"] = context_v2(in, path, storage);
  if (!in.parameters.empty()) event["pathParameters"] = to_object(in.parameters, storage);
  if (!in.stage.variables.empty()) event["stageVariables"] = to_object(in.stage.variables, storage);
  if (in.body.empty()) {
    event["isBase64Encoded"] = false;
  } else {
    put_body(event, in);
  }
  return codec::to_json(event);
}

Result<std::string> event_v1(const EventInput& in) {
  GUST_TRY(auto query, codec::parse_query(in.request.query));
  GUST_TRY(auto decoded, codec::percent_decode(in.path));
  const auto path = as_text(decoded);
  const auto space = in.route.key.find(' ');
  const auto resource = space == std::string::npos ? in.route.key : in.route.key.substr(space + 1);
  json::object event;
  event["version"] = "1.0";
  event["resource"] = resource;
  event["path"] = path;
  event["httpMethod"] = in.request.method;
  put_headers_v1(event, in);
  put_query_v1(event, query);
  event["requestContext"] = context_v1(in, path, resource);
  event["pathParameters"] = object_or_null(in.parameters);
  event["stageVariables"] = object_or_null(in.stage.variables);
  if (in.body.empty()) {
    event["body"] = nullptr;
    event["isBase64Encoded"] = false;
  } else {
    put_body(event, in);
  }
  return codec::to_json(event);
}

}  // namespace gust::gateway
