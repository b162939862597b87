// RuntimeImage: the memory of a generic runtime that has booted, from which others go on: they are ready in some
// milliseconds, and share the pages that they do not write. Each daemon takes its own, once. Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/task_group.h"
#include "functions/invoker.h"
#include "sandbox/sandbox.h"

#include <memory>
#include <string>

namespace gust::functions {

class RuntimeImage {
 public:
  // `folder` is for this image alone; what is there is replaced.
  RuntimeImage(async::Executor executor, sandbox::Launcher& launcher, const InvokerSettings& settings,
               std::string folder);

  bool ready() const { return ready_; }
  // Whether take() may bring one: what takes images is there, and it has not failed too often.
  bool wanted() const;
  // Boots `spec` until it has written its memory; an error says why there is none.
  async::Task<void> take(sandbox::Spec spec);
  // Lets a sandbox go on from it instead of starting its program; only when ready().
  void use(sandbox::Spec& spec) const;
  // One did not come out of it: it is taken again, a few times.
  void failed();
  std::uint64_t bytes() const { return bytes_; }
  void stop();

 private:
  struct Taking;
  async::Task<void> take_one(sandbox::Spec spec);

  async::Executor executor_;
  sandbox::Launcher& launcher_;
  const InvokerSettings& settings_;
  const std::string folder_;
  bool ready_ = false, stopping_ = false, taking_ = false;
  std::size_t failures_ = 0;
  std::uint64_t bytes_ = 0;
  std::shared_ptr<Taking> running_;
  async::BlockingPool disk_;
};

}  // namespace gust::functions
