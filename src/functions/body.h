// Body: what an instance lives in: a sandbox that runs, with its two ports served. Loop thread only.
#pragma once

#include "functions/invoker.h"
#include "http/server.h"
#include "sandbox/sandbox.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <optional>

namespace gust::functions {

struct Body {
  std::unique_ptr<sandbox::Sandbox> sandbox;
  std::unique_ptr<http::Server> server;
  std::optional<boost::asio::posix::stream_descriptor> output;  // of the function, non-blocking
  // Who answers the Runtime API; may be set again while it is served.
  std::shared_ptr<http::Handler> runtime_api;
  // Set when a pooled runtime waits to be told its function: tells it.
  std::function<void()> begin;
};

// The Runtime API's port inside.
std::uint16_t runtime_port(const InvokerSettings& settings);
// Serves a sandbox that was started with the ports {runtime_port, services_port}. The Runtime API answers 410 until its
// handler is set.
Result<Body> make_body(async::Executor executor, std::unique_ptr<sandbox::Sandbox> sandbox,
                       const InvokerSettings& settings);

}  // namespace gust::functions
