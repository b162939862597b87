// Body: what an instance lives in: a sandbox that runs, with its two ports served. Loop thread only.
#pragma once

#include "functions/invoker.h"
#include "http/server.h"
#include "sandbox/sandbox.h"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace gust::functions {

struct Body {
  std::unique_ptr<sandbox::Sandbox> sandbox;
  std::unique_ptr<http::Server> server;
  std::optional<boost::asio::posix::stream_descriptor> output;    // of the function, non-blocking
  std::optional<boost::asio::posix::stream_descriptor> segments;  // for its X-Ray daemon, if it has one
  // Who answers the Runtime API; may be set again while it is served.
  std::shared_ptr<http::Handler> runtime_api;
  // Set when a pooled runtime waits to be told its function: tells it.
  std::function<void()> begin;
  // What a runtime that goes on from an image is answered when it asks for its function; empty: nobody asks.
  std::shared_ptr<std::string> told = std::make_shared<std::string>();
  // Who makes requests from it.
  std::shared_ptr<Caller> caller = std::make_shared<Caller>();
  bool from_runtime_image = false;  // launched so, without a runtime that stood ready
};

// Where a generic runtime asks for its function.
inline constexpr std::string_view kFunctionPath = "/2018-06-01/runtime/gust/function";

// The Runtime API's port inside, and the UDP port of the X-Ray daemon.
std::uint16_t runtime_port(const InvokerSettings& settings);
std::uint16_t segments_port(const InvokerSettings& settings);
// What every sandbox of a function has to listen on.
void add_ports(sandbox::Spec& spec, const InvokerSettings& settings);
// Serves a sandbox that was started with add_ports(). The Runtime API answers 410 until its
// handler is set.
Result<Body> make_body(async::Executor executor, std::unique_ptr<sandbox::Sandbox> sandbox,
                       const InvokerSettings& settings);

}  // namespace gust::functions
