// Origin: where requests are sent (RFC 6454): scheme, host and port. Any thread.
#pragma once

#include "base/result.h"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace gust::http {

struct Origin {
  std::string host;  // an IPv6 address without its brackets
  std::uint16_t port = 80;
  bool tls = false;

  std::string authority() const;  // HOST[:PORT], as the header Host has it: without the scheme's own port
  std::string port_suffix() const;  // ":PORT", or empty
  std::string url() const;        // without a slash at its end
  friend auto operator<=>(const Origin&, const Origin&) = default;
};

// http[s]://HOST[:PORT][/]; without a port 443 of https, and `http_port` of http. kInvalid "address".
Result<Origin> parse_origin(std::string_view url, std::uint16_t http_port = 80);

}  // namespace gust::http
