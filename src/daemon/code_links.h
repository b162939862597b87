// CodeLinks: addresses where the package of a function or a layer can be fetched for ten minutes, without a signature.
// Loop thread only.
#pragma once

#include "env/clock.h"
#include "env/random.h"
#include "functions/layers.h"
#include "functions/registry.h"
#include "http/message.h"

#include <string>

namespace gust::daemon {

class CodeLinks {
 public:
  CodeLinks(functions::Registry& registry, functions::Layers& layers, env::Clock& clock, env::Random& random,
            std::string endpoint);

  std::string make(const functions::FunctionRef& ref) const;
  std::string make(const functions::LayerKey& key) const;
  boost::asio::awaitable<http::Response> handle(http::Request request) const;

 private:
  std::string seal(std::string_view path, std::int64_t expires_ms) const;

  std::string link(const std::string& path) const;
  async::Task<std::string> zip(std::string account, std::string name) const;

  functions::Registry& registry_;
  functions::Layers& layers_;
  env::Clock& clock_;
  std::string endpoint_;
  std::string secret_;  // of this process: a restart ends the links
};

}  // namespace gust::daemon
