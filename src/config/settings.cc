#include "config/settings.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace gust::config {

bool is_loopback(const std::string& address) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  return !error && ip.is_loopback();
}

namespace {

Result<void> check_address(const std::string& address, Mode mode) {
  boost::system::error_code error;
  boost::asio::ip::make_address(address, error);
  if (error)
    return fail(Code::kInvalid,
                fmt::format("'{}' is not an IP address to listen on; use one like 127.0.0.1", address), "listen");
  if (mode == Mode::kDev && !is_loopback(address)) {
    return fail(
        Code::kInvalid,
        fmt::format("--dev accepts well-known keys and so listens on loopback only; '{}' is not loopback", address),
        "listen");
  }
  return {};
}

}  // namespace

Result<void> check(const Settings& settings) {
  GUST_CHECK(check_address(settings.address, settings.mode));
  if (settings.tls) {
    GUST_CHECK(check_address(settings.tls->address, settings.mode));
    if (settings.tls->certificate.empty() || settings.tls->key.empty())
      return fail(Code::kInvalid, "TLS needs both a certificate and its key: --tls-cert FILE --tls-key FILE", "tls");
  }
  if (settings.data.empty()) return fail(Code::kInvalid, "no data folder is given", "data");
  return {};
}

}  // namespace gust::config
