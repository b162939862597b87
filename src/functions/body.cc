#include "functions/body.h"

#include "base/assert.h"

#include <utility>

namespace gust::functions {

// Of one instance, to both of its servers: its 1,024 processes could open a million. Each invocation that runs has one
// that asks for events, may have one that streams, and makes requests of its own.
constexpr std::size_t kMaxConnections = 4 * kMaxConcurrencyOfInstance;

std::uint16_t runtime_port(const InvokerSettings& settings) { return settings.services_port == 9001 ? 9002 : 9001; }

std::uint16_t segments_port(const InvokerSettings& settings) { return settings.services_port == 2000 ? 2001 : 2000; }

void add_ports(sandbox::Spec& spec, const InvokerSettings& settings) {
  spec.listen_ports = {runtime_port(settings), settings.services_port};
  if (settings.take_segment) spec.datagram_ports = {segments_port(settings)};
}

Result<Body> make_body(async::Executor executor, std::unique_ptr<sandbox::Sandbox> sandbox,
                       const InvokerSettings& settings) {
  Body body;
  body.output.emplace(executor, sandbox->take_output());
  body.output->non_blocking(true);
  const auto listeners = sandbox->take_listeners();
  GUST_ASSERT(listeners.size() == 2 || listeners.size() == 3);
  if (listeners.size() == 3) body.segments.emplace(executor, listeners[2]);
  body.sandbox = std::move(sandbox);
  body.runtime_api = std::make_shared<http::Handler>();
  body.server = http::make_server(
      executor,
      {.max_header_bytes = 64 << 10, .idle_timeout = std::chrono::hours(24), .read_timeout = std::chrono::minutes(15),
       .max_connections = kMaxConnections});
  const auto runtime_api = [handler = body.runtime_api, told = body.told](
                               RequestContext context, http::Request request) -> async::Task<http::Response> {
    if (!told->empty() && request.path == kFunctionPath) {
      http::Response function;
      function.headers.add("Content-Type", "application/json");
      function.body = std::exchange(*told, {});
      co_return function;
    }
    const auto now = *handler;  // it may be set again while this request waits
    if (now) co_return co_await now(std::move(context), std::move(request));
    http::Response gone;
    gone.status = 410;
    co_return gone;
  };
  GUST_CHECK(body.server->serve(listeners[0], runtime_api));
  const auto services = [handler = settings.services, caller = body.caller](RequestContext context,
                                                                            http::Request request) {
    request.peer = "sandbox";
    context.caller = caller;
    return handler(std::move(context), std::move(request));
  };
  GUST_CHECK(body.server->serve(listeners[1], services));
  return body;
}

}  // namespace gust::functions
