// EarlySync: a file that is synced while more of it is written, so that the last sync is short. One thread appends; the
// early syncs are on a pool's.
#pragma once

#include "async/blocking_pool.h"
#include "env/files.h"

#include <condition_variable>
#include <memory>
#include <mutex>

namespace gust::blobs {

class EarlySync {
 public:
  EarlySync(std::unique_ptr<env::File> file, async::BlockingPool& pool);
  // An early sync that has not begun is called off; one that goes on keeps the file open.
  ~EarlySync();

  env::File& file() { return *state_->file; }
  // Begins to sync what is written so far. Does nothing while the sync before it goes on or waits for a thread.
  void start();
  // Syncs all. Also fails where an early one has: the kernel tells of an error once only. Blocks.
  Result<void> finish();

 private:
  enum class Phase { kNone, kWaits, kGoesOn, kOver };
  struct State {
    std::unique_ptr<env::File> file;
    std::mutex mutex;
    std::condition_variable changed;
    Phase phase = Phase::kNone;
    Result<void> found;
  };

  static void run(State& state);
  // Leaves none that waits or goes on, and answers whether all were well.
  Result<void> settle();

  std::shared_ptr<State> state_;
  async::BlockingPool& pool_;
};

}  // namespace gust::blobs
