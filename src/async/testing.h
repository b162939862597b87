// For tests only: runs one coroutine to its end on a loop of its own.
#pragma once

#include "async/task.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <optional>
#include <utility>

namespace gust::async::testing {

enum class RunUntil { kDone, kIdle };  // the coroutine has ended; nothing at all is left to do

// run([&]() -> Task<int> {...}) gives the Result<int>; an exception is thrown on.
template <typename F>
auto run(asio::io_context& loop, F make_task, RunUntil until = RunUntil::kDone) {
  using R = typename std::invoke_result_t<F>::value_type;
  std::optional<R> result;
  std::exception_ptr thrown;
  asio::co_spawn(loop, std::move(make_task), [&](std::exception_ptr e, R r) {
    thrown = e;
    result = std::move(r);
    if (until == RunUntil::kDone) loop.stop();
  });
  loop.restart();
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
  return std::move(*result);
}

template <typename F>
auto run(F make_task) {
  asio::io_context loop;
  return run(loop, std::move(make_task), RunUntil::kIdle);  // the loop ends here: no thread may still post to it
}

}  // namespace gust::async::testing
