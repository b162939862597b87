#include "gateway/reply.h"

#include "codec/base64.h"
#include "codec/json.h"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gust::gateway {
namespace {

namespace json = boost::json;

std::unexpected<Error> wrong(std::string why) {
  return fail(Code::kInvalid, "the function's response " + std::move(why), "response");
}

bool is_token(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(static_cast<char>(c)));
  });
}

bool is_field_value(std::string_view value) {
  return std::ranges::none_of(value, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
}

// Fields about the connection or the framing, which only the server may set.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 8> kFraming = {
      "connection", "content-length", "keep-alive",        "proxy-connection",
      "te",         "trailer",        "transfer-encoding", "upgrade"};
  return std::ranges::any_of(kFraming, [&](std::string_view other) {
    return std::ranges::equal(name, other, [](unsigned char a, char b) { return std::tolower(a) == b; });
  });
}

Result<std::string> scalar(const json::value& value, std::string_view name) {
  if (value.is_string()) return std::string(value.as_string());
  if (value.is_number() || value.is_bool()) return codec::to_json(value);
  return wrong(fmt::format("has a header '{}' that is neither text, a number nor a boolean", name));
}

Result<void> add_header(http::Headers& headers, std::string_view name, const json::value& value) {
  if (value.is_null()) return {};
  GUST_TRY(auto text, scalar(value, name));
  if (!is_token(name))
    return wrong(fmt::format("has a header with the name '{}', which is not a token of RFC 9110", name));
  if (!is_field_value(text)) return wrong(fmt::format("has a header '{}' with a control character in its value", name));
  if (!is_framing(name)) headers.add(std::string(name), std::move(text));
  return {};
}

Result<int> status_of(const json::value& value) {
  std::int64_t status = 0;
  if (value.is_int64()) {
    status = value.as_int64();
  } else if (value.is_string()) {
    const auto& text = value.as_string();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
    if (error != std::errc() || end != text.data() + text.size()) status = 0;
  }
  if (status < 200 || status > 599)
    return wrong(fmt::format("has the statusCode {}; it must be a number from 200 to 599", codec::to_json(value)));
  return static_cast<int>(status);
}

Result<void> put_body(http::Response& response, const json::object& reply) {
  const auto* body = reply.if_contains("body");
  const auto* encoded = reply.if_contains("isBase64Encoded");
  if (encoded && !encoded->is_bool() && !encoded->is_null())
    return wrong("has an isBase64Encoded that is not a boolean");
  if (!body || body->is_null()) return {};
  if (!body->is_string()) return wrong("has a body that is not text; use JSON.stringify or json.dumps");
  response.body = body->as_string();
  if (!encoded || !encoded->is_bool() || !encoded->as_bool()) return {};
  GUST_TRY(response.body, codec::from_base64(response.body));
  return {};
}

Result<void> put_headers(http::Response& response, const json::object& reply) {
  const auto* headers = reply.if_contains("headers");
  if (!headers || headers->is_null()) return {};
  if (!headers->is_object()) return wrong("has headers that are not an object");
  for (const auto& field : headers->as_object()) GUST_CHECK(add_header(response.headers, field.key(), field.value()));
  return {};
}

Result<void> put_cookies(http::Response& response, const json::object& reply) {
  const auto* cookies = reply.if_contains("cookies");
  if (!cookies || cookies->is_null()) return {};
  if (!cookies->is_array()) return wrong("has cookies that are not a list");
  for (const auto& cookie : cookies->as_array()) GUST_CHECK(add_header(response.headers, "set-cookie", cookie));
  return {};
}

// statusCode, headers and body, which both formats share.
Result<http::Response> common(const json::object& reply) {
  http::Response response;
  GUST_TRY(response.status, status_of(reply.at("statusCode")));
  GUST_CHECK(put_headers(response, reply));
  GUST_CHECK(put_body(response, reply));
  return response;
}

void default_content_type(http::Response& response) {
  if (!response.headers.contains("content-type")) response.headers.add("content-type", "text/plain;charset=UTF-8");
}

}  // namespace

Result<http::Response> response_v2(std::string_view payload) {
  codec::JsonArena arena;
  const auto value = codec::parse_json(payload, 64, arena.storage());
  if (!value) return wrong("is not JSON: " + value.error().message);
  const bool formatted = value->is_object() && value->as_object().contains("statusCode");
  if (!formatted) {
    http::Response response;
    response.headers.add("content-type", "application/json");
    response.body = value->is_string() ? std::string(value->as_string()) : std::string(payload);
    return response;
  }
  const auto& reply = value->as_object();
  GUST_TRY(auto response, common(reply));
  GUST_CHECK(put_cookies(response, reply));
  default_content_type(response);
  return response;
}

Result<http::Response> response_head(std::string_view head) {
  const auto value = codec::parse_json(head);
  if (!value || !value->is_object()) return wrong("has a head that is not a JSON object");
  const auto& reply = value->as_object();
  http::Response response;
  if (const auto* status = reply.if_contains("statusCode")) {
    GUST_TRY(response.status, status_of(*status));
  }
  GUST_CHECK(put_headers(response, reply));
  GUST_CHECK(put_cookies(response, reply));
  if (!response.headers.contains("content-type")) response.headers.add("content-type", "application/octet-stream");
  return response;
}

Result<http::Response> response_v1(std::string_view payload) {
  codec::JsonArena arena;
  const auto value = codec::parse_json(payload, 64, arena.storage());
  if (!value) return wrong("is not JSON: " + value.error().message);
  if (!value->is_object() || !value->as_object().contains("statusCode")) {
    return wrong("has no statusCode, which payload format 1.0 demands");
  }
  const auto& reply = value->as_object();
  GUST_TRY(auto response, common(reply));
  if (const auto* multi = reply.if_contains("multiValueHeaders"); multi && !multi->is_null()) {
    if (!multi->is_object()) return wrong("has multiValueHeaders that are not an object");
    for (const auto& field : multi->as_object()) {
      if (!field.value().is_array())
        return wrong(
            fmt::format("has multiValueHeaders with '{}', which is not a list", std::string_view(field.key())));
      response.headers.erase(field.key());  // the list is what counts where both name a header
      for (const auto& item : field.value().as_array()) GUST_CHECK(add_header(response.headers, field.key(), item));
    }
  }
  default_content_type(response);
  return response;
}

http::Response own_response(int status, std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.body = codec::to_json(json::object{{"message", message}});
  return response;
}

}  // namespace gust::gateway
