// Scrubber: reads all blobs over and over, slowly, so that bytes that changed on the disk are found before anybody asks
// for them. It reports and changes nothing. Loop thread only.
#pragma once

#include "async/task_group.h"
#include "blobs/files/file_store.h"
#include "env/clock.h"
#include "env/random.h"

#include <set>

namespace gust::blobs {

struct ScrubSettings {
  std::uint64_t bytes_per_second = 4 << 20;      // 0: never
  Millis first_after = std::chrono::minutes(1);  // the start has better things to do
  Millis pause = std::chrono::hours(24);         // between two rounds
};

struct ScrubStatus {
  std::uint64_t blobs = 0, bytes = 0, rounds = 0;  // since the start
  std::set<BlobId> damaged;                        // of those that are there
};

class Scrubber {
 public:
  Scrubber(async::Executor executor, FileStore& blobs, env::Random& random, ScrubSettings settings = {});

  // Goes on until stop(). Each round begins with another folder, so that a daemon that is restarted often gets to all.
  void start();
  async::Task<void> stop() { return tasks_.stop(); }
  // One round now, as fast as it goes.
  async::Task<void> round();
  const ScrubStatus& status() const { return status_; }

 private:
  async::Task<void> run();
  async::Task<void> folder(unsigned index, std::uint64_t bytes_per_second);
  async::Task<void> read(BlobId id, std::uint64_t bytes_per_second);
  async::Task<void> rounds(unsigned first, std::uint64_t bytes_per_second);

  FileStore& blobs_;
  env::Random& random_;
  ScrubSettings settings_;
  ScrubStatus status_;
  std::uint64_t owed_ = 0;  // bytes that were read since the last rest
  async::TaskGroup tasks_;
};

}  // namespace gust::blobs
