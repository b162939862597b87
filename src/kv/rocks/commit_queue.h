// CommitQueue: transactions that wait for their commit. A thread of the pool takes all that wait, in their order, and
// commits them as one, so that they share a sync and do not conflict; another runs the bodies of the next meanwhile.
#pragma once

#include "async/blocking_pool.h"
#include "kv/store.h"

#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace gust::kv {

struct Waiting {
  Store::Body body;
  Durability durability = Durability::kSynced;
  Result<void> result;
  std::vector<Transaction::Then> then = {};  // of the body's last run
  std::move_only_function<void()> done = {};  // answers, from any thread
};

class CommitQueue {
 public:
  // `commit` gives each of a group its result; it runs on a thread of the pool.
  using Commit = std::function<void(std::span<std::unique_ptr<Waiting>>)>;
  CommitQueue(async::BlockingPool& pool, Commit commit) : pool_(pool), commit_(std::move(commit)) {}

  // Resumes on the caller's executor. kThrottled when too many wait; then the body has not run.
  async::Task<void> run(Store::Body body, Durability durability);

 private:
  static constexpr std::size_t kMostWaiting = 4096, kMostTogether = 128, kThreads = 2;

  bool add(std::unique_ptr<Waiting>& one);
  // Takes groups until none waits.
  void drain();

  async::BlockingPool& pool_;
  const Commit commit_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Waiting>> waiting_;
  std::size_t draining_ = 0;  // threads that are on it
};

}  // namespace gust::kv
