// Copier: copies the rows of items as they were at a moment, in steps of about a megabyte, while writes go on. Loop
// thread only. docs/decisions/0290-an-undo-log.md
#pragma once

#include "async/task.h"
#include "kv/store.h"
#include "tables/backups/job.h"
#include "tables/pieces.h"
#include "tables/streams/stream.h"

#include <memory>

namespace gust::tables {

// In the transaction that begins it: from its commit on writes keep history. `line` of the copy becomes the number that
// no later change has, or stays where it is lower.
Result<void> begin(kv::Transaction& tx, Sequences& sequences, WallTime now, Copying& copying);

class Copier {
 public:
  explicit Copier(kv::Store& store) : store_(store) {}  // which outlives this

  // Goes on with what the job's row says is left, until nothing is. Safe to repeat.
  async::Task<void> copy(std::shared_ptr<Job> job);

 private:
  async::Task<void> step(std::shared_ptr<Job> job, kv::Range range, Pieces& pieces);

  kv::Store& store_;
};

}  // namespace gust::tables
