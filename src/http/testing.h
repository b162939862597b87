// A server for tests, on a loop and a thread of its own. Tests only.
#pragma once

#include "async/task_group.h"
#include "http/server.h"
#include "http/tls.h"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>

namespace gust::http::testing {

class RunningServer {
 public:
  ~RunningServer() { stop(); }

  void start(ServerSettings settings, Handler handler, std::shared_ptr<Tls> tls = nullptr) {
    const auto listener = listen_tcp("127.0.0.1", 0);
    ASSERT_TRUE(listener) << listener.error().message;
    port_ = listener->port;
    server_ = make_server(loop_.get_executor(), settings);
    ASSERT_TRUE(server_->serve(listener->fd, std::move(handler), std::move(tls)));
    loop_.restart();  // it may have been stopped before
    thread_ = std::thread([this] { loop_.run(); });
  }
  void stop() {
    if (!thread_.joinable()) return;
    std::promise<void> stopped;
    async::asio::co_spawn(
        loop_, [this]() -> async::Task<void> { return server_->stop(std::chrono::steady_clock::now() + Millis(5000)); },
        [&](std::exception_ptr, Result<void>) { stopped.set_value(); });
    stopped.get_future().get();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }

 private:
  boost::asio::io_context loop_;
  std::unique_ptr<Server> server_;
  std::thread thread_;
  std::uint16_t port_ = 0;
};

}  // namespace gust::http::testing
