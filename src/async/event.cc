#include "async/event.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gust::async {

void Event::set() {
  set_ = true;
  pulse();
}

void Event::pulse() {
  for (auto* waiter : waiters_) waiter->cancel();
}

Task<void> Event::wait(SteadyTime deadline) {
  if (set_) co_return Result<void>{};
  const auto state = co_await asio::this_coro::cancellation_state;
  const auto cancelled = [&] { return state.cancelled() != asio::cancellation_type::none; };
  asio::steady_timer timer(executor_, deadline);
  const auto place = waiters_.insert(waiters_.end(), &timer);
  const auto [ended] = co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
  waiters_.erase(place);
  if (set_) co_return Result<void>{};
  if (cancelled()) co_return fail(Code::kCancelled, "the wait was cancelled");
  if (!ended) co_return fail(Code::kTimeout, "the deadline passed");
  co_return Result<void>{};
}

}  // namespace gust::async
