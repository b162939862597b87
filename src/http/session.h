// Session: one connection of the server, from its first byte to its last. Loop thread only.
#pragma once

#include "env/random.h"
#include "http/message.h"
#include "http/server.h"

#include <boost/asio/ip/tcp.hpp>

#include <memory>

namespace gust::http {

class Session {
 public:
  virtual ~Session() = default;
  // Serves requests until the client or a limit ends it.
  virtual async::Task<void> run() = 0;
  // Ends it after the request that runs, or at once when none does.
  virtual void finish() = 0;
};

// By TLS, when `tls` is given.
std::shared_ptr<Session> make_session(boost::asio::ip::tcp::socket socket, const ServerSettings& settings,
                                      std::shared_ptr<const Handler> handler, env::Random& random, Tls* tls);

}  // namespace gust::http
