#include "async/both.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace gust::async {

Task<void> both(Task<void> one, Task<void> other) {
  const auto executor = co_await asio::this_coro::executor;
  auto group = asio::experimental::make_parallel_group(asio::co_spawn(executor, std::move(one), asio::deferred),
                                                       asio::co_spawn(executor, std::move(other), asio::deferred));
  const auto [order, thrown, first, thrown_other, second] =
      co_await group.async_wait(asio::experimental::wait_for_all(), asio::use_awaitable);
  if (thrown) std::rethrow_exception(thrown);
  if (thrown_other) std::rethrow_exception(thrown_other);
  co_return first ? second : first;
}

}  // namespace gust::async
