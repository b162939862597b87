// Client: HTTP/1.1 requests with streamed bodies both ways, connections kept alive and reused. Loop thread only.
#pragma once

#include "async/task.h"
#include "http/message.h"
#include "http/origin.h"

#include <memory>
#include <string>

namespace gust::http {

class Client {
 public:
  virtual ~Client() = default;
  // The response's stream must be read to its end or dropped before the next request uses the connection. kUnavailable
  // when it cannot connect, kTimeout past the deadline; kUnavailable "certificate" where that of `to` is not trusted,
  // and "tls" where it speaks no TLS; kInvalid "tls" where the authorities cannot be read.
  virtual async::Task<Response> send(Origin to, Request request, SteadyTime deadline) = 0;
};

// By TLS servers are known by certificates of `authorities`, a file in PEM; without one of those that the system trusts
// (OpenSSL's: SSL_CERT_FILE, SSL_CERT_DIR).
std::unique_ptr<Client> make_client(async::Executor executor, std::string authorities = {});

}  // namespace gust::http
