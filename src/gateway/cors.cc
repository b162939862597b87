#include "gateway/cors.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace gust::gateway {
namespace {

bool equal_fold(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// A '*' in the pattern stands for one or more characters of the host: "https://*", "https://*.example.com".
bool fits(std::string_view pattern, std::string_view origin) {
  const auto star = pattern.find('*');
  if (star == pattern.npos) return equal_fold(pattern, origin);
  const auto head = pattern.substr(0, star);
  const auto tail = pattern.substr(star + 1);
  return origin.size() > head.size() + tail.size() && equal_fold(origin.substr(0, head.size()), head) &&
         equal_fold(origin.substr(origin.size() - tail.size()), tail);
}

// What Access-Control-Allow-Origin says; empty when the origin is not allowed.
std::string allowed_origin(const Cors& cors, std::string_view origin) {
  if (origin.empty()) return {};
  for (const auto& pattern : cors.allow_origins) {
    if (pattern == "*") return "*";
    if (fits(pattern, origin)) return std::string(origin);
  }
  return {};
}

void add_origin(const Cors& cors, const std::string& origin, http::Response& response) {
  response.headers.set("access-control-allow-origin", origin);
  if (cors.allow_credentials) response.headers.set("access-control-allow-credentials", "true");
  if (origin != "*") response.headers.add("vary", "Origin");
}

}  // namespace

bool is_preflight(const http::Request& request) {
  return request.method == "OPTIONS" && request.headers.contains("origin") &&
         request.headers.contains("access-control-request-method");
}

http::Response answer_preflight(const Cors& cors, const http::Request& request) {
  http::Response response;
  response.status = 204;
  const auto origin = allowed_origin(cors, request.headers.get_or("origin", ""));
  if (origin.empty()) return response;
  add_origin(cors, origin, response);
  if (!cors.allow_methods.empty()) {
    response.headers.set("access-control-allow-methods", fmt::format("{}", fmt::join(cors.allow_methods, ",")));
  }
  if (!cors.allow_headers.empty()) {
    response.headers.set("access-control-allow-headers", fmt::format("{}", fmt::join(cors.allow_headers, ",")));
  }
  if (cors.max_age_seconds) response.headers.set("access-control-max-age", fmt::to_string(*cors.max_age_seconds));
  return response;
}

void apply_cors(const Cors& cors, std::string_view origin, http::Response& response) {
  constexpr std::array<const char*, 6> kFields = {"access-control-allow-origin",   "access-control-allow-credentials",
                                                  "access-control-allow-methods",  "access-control-allow-headers",
                                                  "access-control-expose-headers", "access-control-max-age"};
  for (const char* field : kFields) response.headers.erase(field);
  const auto allowed = allowed_origin(cors, origin);
  if (allowed.empty()) return;
  add_origin(cors, allowed, response);
  if (!cors.expose_headers.empty()) {
    response.headers.set("access-control-expose-headers", fmt::format("{}", fmt::join(cors.expose_headers, ",")));
  }
}

}  // namespace gust::gateway
