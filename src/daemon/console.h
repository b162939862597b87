// Console: /_gust/ and what its page asks for: its files, sign-in and sessions, and requests to the administration and
// to the services with the session's account instead of a signature (docs/guide/console.md). Loop thread only.
#pragma once

#include "auth/authenticator.h"
#include "daemon/console_sessions.h"
#include "daemon/front.h"

#include <string>

namespace gust::daemon {

class Console {
 public:
  struct Parts {
    Front& front;
    auth::Authenticator& authenticator;
    env::Random& random;
    const env::Clock& clock;
    std::string endpoint;
  };
  explicit Console(Parts parts)
      : parts_(std::move(parts)), sessions_(parts_.random, parts_.clock), failed_(parts_.clock) {}

  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, api::Destination to);

 private:
  // POST /_gust/console/link, signed for "gust": an address that signs in once.
  boost::asio::awaitable<http::Response> link(RequestContext context, http::Request request);
  // /_gust/console/session: POST signs in, GET says who is, DELETE signs out.
  boost::asio::awaitable<http::Response> session(RequestContext context, http::Request request);
  boost::asio::awaitable<http::Response> sign_in(http::Request request);
  async::Task<Principal> who_signs_in(const http::Request& request, std::string body);
  // /_gust/console/admin/... and /_gust/console/aws/SERVICE/...
  boost::asio::awaitable<http::Response> forward(RequestContext context, http::Request request, std::string rest);
  // The session of a request that the console's own page sent. kUnauthenticated, kDenied.
  Result<ConsoleSession> check(const http::Request& request);
  http::Response describe(const ConsoleSession& session) const;

  Parts parts_;
  ConsoleSessions sessions_;
  FailedSignIns failed_;
};

}  // namespace gust::daemon
