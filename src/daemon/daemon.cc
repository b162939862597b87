#include "daemon/daemon.h"

#include "base/log.h"
#include "daemon/cloud.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <sys/resource.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>

namespace gust::daemon {
namespace {

namespace asio = boost::asio;

constexpr int kLoopNice = -10;

constexpr Millis kGrace{10'000};

async::Task<void> live(config::Settings settings) {
  const auto executor = co_await asio::this_coro::executor;
  Cloud cloud(executor, std::move(settings));
  asio::signal_set signals(executor, SIGINT, SIGTERM);
  const auto started = co_await cloud.start();
  // Of this thread: every answer passes through it, in short turns, so functions that burn what they get do not delay
  // it. Only root may.
  (void)::setpriority(PRIO_PROCESS, 0, kLoopNice);
  if (started) {
    const auto& tls = cloud.tls_endpoint();
    GUST_INFO("gust {} serves at {}{}{}", GUST_VERSION, cloud.endpoint(), tls.empty() ? "" : " and ", tls);
    co_await signals.async_wait(asio::as_tuple(asio::use_awaitable));
    GUST_INFO("stopping: running requests have {} s to finish; a second signal ends at once", kGrace.count() / 1000);
    signals.async_wait([](const boost::system::error_code& error, int) {
      if (!error) std::_Exit(130);
    });
  }
  const auto stopped = co_await cloud.stop(kGrace);
  if (!started) co_return started;
  co_return stopped;
}

}  // namespace

int run(const config::Settings& settings) {
  if (const auto checked = config::check(settings); !checked) {
    fmt::print(stderr, "gust: {}\n", checked.error().message);
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  asio::io_context loop(1);
  int code = 0;
  asio::co_spawn(loop, live(settings), [&](std::exception_ptr exception, Result<void> result) {
    if (exception) {
      try {
        std::rethrow_exception(exception);
      } catch (const std::exception& e) {
        fmt::print(stderr, "gust: ended by an unexpected failure: {}\n", e.what());
      }
      code = 1;
    } else if (!result) {
      fmt::print(stderr, "gust: {}\n", result.error().message);
      code = 1;
    }
    loop.stop();
  });
  loop.run();
  return code;
}

}  // namespace gust::daemon
