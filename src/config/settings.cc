#include "config/settings.h"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

namespace gust::config {

bool is_loopback(const std::string& address) {
  boost::system::error_code error;
  const auto ip = boost::asio::ip::make_address(address, error);
  return !error && ip.is_loopback();
}

Result<void> check(const Settings& settings) {
  boost::system::error_code error;
  boost::asio::ip::make_address(settings.address, error);
  if (error)
    return fail(Code::kInvalid,
                fmt::format("'{}' is not an IP address to listen on; use one like 127.0.0.1", settings.address),
                "listen");
  if (settings.mode == Mode::kDev && !is_loopback(settings.address)) {
    return fail(Code::kInvalid,
                fmt::format("--dev accepts well-known keys and so listens on loopback only; '{}' is not loopback",
                            settings.address),
                "listen");
  }
  if (settings.data.empty()) return fail(Code::kInvalid, "no data folder is given", "data");
  return {};
}

}  // namespace gust::config
