#include "kv/rocks/commit_queue.h"

#include <algorithm>
#include <iterator>

namespace gust::kv {

namespace asio = boost::asio;

async::Task<void> CommitQueue::run(Store::Body body, Durability durability) {
  auto executor = co_await asio::this_coro::executor;
  auto one = std::make_unique<Waiting>(Waiting{std::move(body), durability, {}});
  auto initiate = [this, executor, one = std::move(one)](auto handler) mutable {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    // Tracked, as in BlockingPool.
    auto working = asio::prefer(executor, asio::execution::outstanding_work.tracked);
    one->done = [working, shared, from = one.get()]() mutable {
      asio::post(working, [shared, result = std::move(from->result)]() mutable { (*shared)(std::move(result)); });
    };
    if (add(one)) return;
    one->result = fail(Code::kThrottled, "kv: too many transactions are waiting; try again later");
    one->done();
  };
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, void(Result<void>)>(std::move(initiate),
                                                                                             asio::use_awaitable);
}

bool CommitQueue::add(std::unique_ptr<Waiting>& one) {
  {
    std::lock_guard lock(mutex_);
    if (waiting_.size() >= kMostWaiting) return false;
    waiting_.push_back(std::move(one));
    if (draining_ == kThreads) return true;
    ++draining_;
  }
  if (pool_.submit([this] { drain(); })) return true;
  std::lock_guard lock(mutex_);
  if (--draining_ > 0 || waiting_.empty()) return true;  // another has taken it, or will
  one = std::move(waiting_.back());  // the last one still, since only the loop's thread adds
  waiting_.pop_back();
  return false;
}

void CommitQueue::drain() {
  for (;;) {
    std::vector<std::unique_ptr<Waiting>> group;
    {
      std::lock_guard lock(mutex_);
      if (waiting_.empty()) {
        --draining_;
        return;
      }
      const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kMostTogether));
      std::move(waiting_.begin(), end, std::back_inserter(group));
      waiting_.erase(waiting_.begin(), end);
    }
    commit_(group);
    for (const auto& one : group) one->done();
  }
}

}  // namespace gust::kv
