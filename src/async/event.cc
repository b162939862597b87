#include "async/event.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gust::async {

void Event::set() {
  set_ = true;
  timer_.cancel();
}

Task<void> Event::wait(SteadyTime deadline) {
  using namespace asio::experimental::awaitable_operators;
  if (set_) co_return Result<void>{};
  constexpr auto token = asio::as_tuple(asio::use_awaitable);
  const auto state = co_await asio::this_coro::cancellation_state;
  const auto cancelled = [&] { return state.cancelled() != asio::cancellation_type::none; };
  if (deadline == SteadyTime::max()) {
    co_await timer_.async_wait(token);
  } else {
    asio::steady_timer limit(co_await asio::this_coro::executor, deadline);
    const auto first = co_await (timer_.async_wait(token) || limit.async_wait(token));
    if (first.index() == 1 && !set_ && !cancelled()) co_return fail(Code::kTimeout, "the deadline passed");
  }
  if (cancelled() && !set_) co_return fail(Code::kCancelled, "the wait was cancelled");
  co_return Result<void>{};
}

}  // namespace gust::async
