#include "blobs/files/early_sync.h"

namespace gust::blobs {

EarlySync::EarlySync(std::unique_ptr<env::File> file, async::BlockingPool& pool)
    : state_(std::make_shared<State>()), pool_(pool) {
  state_->file = std::move(file);
}

EarlySync::~EarlySync() {
  std::lock_guard lock(state_->mutex);
  if (state_->phase == Phase::kWaits) state_->phase = Phase::kOver;
}

void EarlySync::start() {
  {
    std::lock_guard lock(state_->mutex);
    if (state_->phase != Phase::kNone) return;
    state_->phase = Phase::kWaits;
  }
  auto job = [state = state_] { run(*state); };
  if (pool_.submit(std::move(job))) return;
  std::lock_guard lock(state_->mutex);  // too much is waiting: the last sync does it all
  state_->phase = Phase::kNone;
}

void EarlySync::run(State& state) {
  {
    std::lock_guard lock(state.mutex);
    if (state.phase != Phase::kWaits) return;
    state.phase = Phase::kGoesOn;
  }
  auto found = state.file->sync();
  std::lock_guard lock(state.mutex);
  if (state.found) state.found = std::move(found);
  state.phase = Phase::kNone;
  state.changed.notify_all();
}

Result<void> EarlySync::settle() {
  std::unique_lock lock(state_->mutex);
  if (state_->phase == Phase::kWaits) state_->phase = Phase::kOver;  // its thread may be this one
  state_->changed.wait(lock, [this] { return state_->phase != Phase::kGoesOn; });
  state_->phase = Phase::kOver;
  return state_->found;
}

Result<void> EarlySync::finish() {
  GUST_CHECK(settle());
  return state_->file->sync();
}

}  // namespace gust::blobs
