// Task<T>: a coroutine that answers Result<T>. All coroutines of the daemon run on its one event loop thread
// (docs/decisions/0002-one-loop.md); work that blocks goes to a BlockingPool and comes back to the loop.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/any_io_executor.hpp>

namespace gust::async {

namespace asio = boost::asio;

template <typename T>
using Task = asio::awaitable<Result<T>>;

using Executor = asio::any_io_executor;

// Waits until `when`. kCancelled when the surrounding TaskGroup stops first.
Task<void> sleep_until(SteadyTime when);
Task<void> sleep_for(Millis duration);

}  // namespace gust::async
