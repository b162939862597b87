#include "http/origin.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::http {
namespace {

constexpr std::uint16_t kHttp = 80, kHttps = 443;
constexpr std::string_view kNotOfHosts = "/?#@[] \t\r\n\\";

}  // namespace

std::string Origin::port_suffix() const { return port == (tls ? kHttps : kHttp) ? "" : fmt::format(":{}", port); }

std::string Origin::authority() const {
  return (host.contains(':') ? fmt::format("[{}]", host) : host) + port_suffix();
}

std::string Origin::url() const { return fmt::format("{}://{}", tls ? "https" : "http", authority()); }

Result<Origin> parse_origin(std::string_view url, std::uint16_t http_port) {
  const auto wrong = [&] {
    return fail(Code::kInvalid,
                fmt::format("'{}' is not an address: expected http://HOST:PORT or https://HOST:PORT", url), "address");
  };
  Origin out;
  std::string_view rest = url;
  out.tls = rest.starts_with("https://");
  if (!out.tls && !rest.starts_with("http://")) return wrong();
  rest.remove_prefix(rest.find("//") + 2);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  out.port = out.tls ? kHttps : http_port;
  const auto colon = rest.rfind(':');
  if (colon != rest.npos && rest.find(']', colon) == rest.npos) {
    const auto digits = rest.substr(colon + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (problem != std::errc() || end != digits.data() + digits.size() || out.port == 0) return wrong();
    rest = rest.substr(0, colon);
  }
  const bool brackets = rest.starts_with('[') && rest.ends_with(']');
  if (brackets) rest = rest.substr(1, rest.size() - 2);
  if (rest.empty() || rest.find_first_of(kNotOfHosts) != rest.npos || rest.contains(':') != brackets) return wrong();
  out.host = rest;
  return out;
}

}  // namespace gust::http
