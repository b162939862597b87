// SpanIntake: POST /v1/traces: spans of a function's own OpenTelemetry SDK, from inside its sandbox, or signed for
// "xray". Loop thread only.
#pragma once

#include "auth/authenticator.h"
#include "http/message.h"
#include "telemetry/span.h"

namespace gust::daemon {

class SpanIntake {
 public:
  SpanIntake(auth::Authenticator& authenticator, telemetry::Tracer& tracer)
      : authenticator_(authenticator), tracer_(tracer) {}

  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request);

 private:
  async::Task<http::Response> take(RequestContext context, http::Request request);

  auth::Authenticator& authenticator_;
  telemetry::Tracer& tracer_;
};

}  // namespace gust::daemon
