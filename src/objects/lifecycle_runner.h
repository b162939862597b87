// LifecycleRunner: goes through the buckets that have lifecycle rules, once a period, and deletes what is due: one page
// of versions at a time, one deletion after another. Each says again in its transaction what it was found for. Loop
// thread only.
#pragma once

#include "async/task_group.h"
#include "env/clock.h"
#include "env/random.h"
#include "objects/lifecycle.h"
#include "objects/object_store.h"

namespace gust::objects {

struct LifecycleSettings {
  Millis period{3'600'000};
  std::size_t page = 1000;  // versions that are looked at together
};

class LifecycleRunner {
 public:
  LifecycleRunner(async::Executor executor, ObjectStore& store, env::Clock& clock, env::Random& random,
                  LifecycleSettings settings);

  // sweep() now and then every period, until stop().
  void start();
  async::Task<void> stop();

  // All buckets once. A bucket that fails does not keep the others from their turn; its error is logged.
  async::Task<void> sweep();

 private:
  struct Turn;

  async::Task<void> run();
  async::Task<void> sweep_bucket(Bucket bucket);
  async::Task<void> sweep_versions(std::shared_ptr<Turn> turn);
  async::Task<void> sweep_page(std::shared_ptr<Turn> turn, VersionsPage page);
  async::Task<void> sweep_uploads(std::shared_ptr<Turn> turn);
  async::Task<void> erase(std::shared_ptr<Turn> turn, Object object, Rank rank, std::size_t newer);

  ObjectStore& store_;
  env::Clock& clock_;
  env::Random& random_;
  LifecycleSettings settings_;
  async::TaskGroup tasks_;
};

}  // namespace gust::objects
