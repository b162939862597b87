// CodeLinks: addresses where a function's package can be fetched for ten minutes, without a signature. Loop thread
// only.
#pragma once

#include "env/clock.h"
#include "env/random.h"
#include "functions/registry.h"
#include "http/message.h"

#include <string>

namespace gust::daemon {

class CodeLinks {
 public:
  CodeLinks(functions::Registry& registry, env::Clock& clock, env::Random& random, std::string endpoint);

  std::string make(const functions::FunctionRef& ref) const;
  boost::asio::awaitable<http::Response> handle(http::Request request) const;

 private:
  std::string seal(std::string_view path, std::int64_t expires_ms) const;

  functions::Registry& registry_;
  env::Clock& clock_;
  std::string endpoint_;
  std::string secret_;  // of this process: a restart ends the links
};

}  // namespace gust::daemon
