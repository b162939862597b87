// Server: HTTP/1.1 on a listening socket, plain or by TLS, one handler for all requests. Keep-alive, Expect:
// 100-continue, chunked both ways, limits on header size and on idle time. Loop thread only.
#pragma once

#include "async/task.h"
#include "async/task_group.h"
#include "http/message.h"

#include <cstdint>
#include <memory>
#include <string>

namespace gust::http {

struct ServerSettings {
  std::size_t max_header_bytes = 16 << 10;
  Millis idle_timeout{60'000};         // between requests of one connection
  Millis read_timeout{60'000};         // without a byte of a started request
  Millis handshake_timeout{10'000};    // of TLS
  std::size_t max_connections = 10'000;  // past it: 503
};

class Tls;

class Server {
 public:
  virtual ~Server() = default;
  // Takes over a listening socket (TCP or unix) and serves it until stop(), by TLS when that is given.
  virtual Result<void> serve(int listening_fd, Handler handler, std::shared_ptr<Tls> tls = nullptr) = 0;
  // Closes the listeners, lets running requests finish until `deadline`, then cancels the rest.
  virtual async::Task<void> stop(SteadyTime deadline) = 0;
};

std::unique_ptr<Server> make_server(async::Executor executor, ServerSettings settings);

// Binds and listens; port 0 picks a free one. kInvalid on a bad address, kUnavailable when it is taken.
struct Listener {
  int fd = -1;
  std::uint16_t port = 0;
};
Result<Listener> listen_tcp(const std::string& address, std::uint16_t port);

}  // namespace gust::http
