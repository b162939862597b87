// Client: HTTP/1.1 requests with streamed bodies both ways, connections kept alive and reused. Loop thread only.
#pragma once

#include "async/task.h"
#include "http/message.h"

#include <memory>
#include <string>

namespace gust::http {

class Client {
 public:
  virtual ~Client() = default;
  // Sends to `host`:`port` over TCP (no TLS yet). The response's stream must be read to its end or dropped before the
  // next request uses the connection. kUnavailable when it cannot connect, kTimeout past the deadline.
  virtual async::Task<Response> send(std::string host, std::uint16_t port, Request request, SteadyTime deadline) = 0;
};

std::unique_ptr<Client> make_client(async::Executor executor);

}  // namespace gust::http
