#include "async/task.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gust::async {

Task<void> sleep_until(SteadyTime when) {
  asio::steady_timer timer(co_await asio::this_coro::executor, when);
  const auto [error] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  if (error) co_return fail(Code::kCancelled, "the wait was cancelled");
  co_return Result<void>{};
}

Task<void> sleep_for(Millis duration) { return sleep_until(std::chrono::steady_clock::now() + duration); }

}  // namespace gust::async
