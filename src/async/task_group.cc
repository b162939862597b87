#include "async/task_group.h"

#include "base/assert.h"
#include "base/log.h"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

namespace gust::async {

TaskGroup::TaskGroup(Executor executor, std::string name)
    : executor_(executor), name_(std::move(name)), empty_(executor) {
  empty_.set();
}

TaskGroup::~TaskGroup() { GUST_ASSERT(signals_.empty()); }

static void report(const std::string& name, std::exception_ptr exception, const Result<void>& result) {
  if (exception) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::exception& e) {
      GUST_ERROR("{}: a task ended with an exception: {}", name, e.what());
    }
  } else if (!result && result.error().code != Code::kCancelled) {
    GUST_ERROR("{}: a task ended: {}: {}", name, code_name(result.error().code), result.error().message);
  }
}

void TaskGroup::spawn(Task<void> task) {
  if (stopping_) return;
  empty_.reset();
  const auto signal = signals_.emplace(signals_.end());
  auto done = [this, signal](std::exception_ptr exception, Result<void> result) {
    report(name_, exception, result);
    signals_.erase(signal);
    if (signals_.empty()) empty_.set();
  };
  asio::co_spawn(executor_, std::move(task), asio::bind_cancellation_slot(signal->slot(), std::move(done)));
}

Task<void> TaskGroup::stop() {
  stopping_ = true;
  // emit may end a task at once and unlink its signal: step before emitting.
  for (auto it = signals_.begin(); it != signals_.end();) (it++)->emit(asio::cancellation_type::all);
  while (!signals_.empty()) {
    co_await empty_.wait();
  }
  co_return Result<void>{};
}

Task<void> TaskGroup::drain(SteadyTime deadline) {
  while (!signals_.empty()) GUST_CO_CHECK(co_await empty_.wait(deadline));
  co_return Result<void>{};
}

}  // namespace gust::async
