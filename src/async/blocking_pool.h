// BlockingPool: named threads with a capped queue for work that blocks (fsync, RocksDB writes, hashing, clone).
#pragma once

#include "async/task.h"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace gust::async {

class BlockingPool {
 public:
  // `name` shows in thread lists (15 characters); `cap` is how many jobs may wait. With no thread a job runs at once on
  // that of its caller: for simulations, which so repeat themselves.
  BlockingPool(std::string name, std::size_t threads, std::size_t cap = 4096);
  ~BlockingPool();  // finishes queued jobs, then joins
  BlockingPool(const BlockingPool&) = delete;

  // Runs `f` (returning Result<T>) on a thread of the pool, resumes on the caller's executor.
  // kThrottled when the queue is full; then f has not run. Not cancelled once queued.
  template <typename F, typename R = std::invoke_result_t<F>>
  asio::awaitable<R> run(F f) {
    auto executor = co_await asio::this_coro::executor;
    auto initiate = [this, executor, f = std::move(f)](auto handler) mutable {
      auto shared = std::make_shared<decltype(handler)>(std::move(handler));
      // Tracked, so that a loop that runs out of work does so only after the thread has let go of it.
      auto working = asio::prefer(executor, asio::execution::outstanding_work.tracked);
      const bool queued = submit([working, shared, f = std::move(f)]() mutable {
        auto result = std::make_shared<R>(f());
        asio::post(working, [shared, result]() mutable { (*shared)(std::move(*result)); });
      });
      if (!queued) {
        asio::post(executor, [shared, name = name_]() mutable {
          (*shared)(R(fail(Code::kThrottled, name + ": too many jobs are waiting; try again later")));
        });
      }
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(R)>(std::move(initiate),
                                                                                    asio::use_awaitable);
  }

  // Queues `job`; false when the queue is full.
  bool submit(std::move_only_function<void()> job);

 private:
  void work();

  std::string name_;
  std::size_t cap_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::move_only_function<void()>> jobs_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace gust::async
