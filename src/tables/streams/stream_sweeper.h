// StreamSweeper: removes records of streams that are too old to be read, and streams that ended a day ago. Loop thread
// only.
#pragma once

#include "async/task_group.h"
#include "tables/item_store.h"
#include "tables/streams/stream_catalog.h"

namespace gust::tables {

class StreamSweeper {
 public:
  // All outlive this.
  StreamSweeper(async::Executor executor, StreamCatalog& streams, ItemStore& items, Millis period)
      : streams_(streams), items_(items), period_(period), tasks_(executor, "sweeper of streams") {}

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }
  // One sweep over all streams.
  async::Task<void> sweep();

 private:
  async::Task<void> run();
  async::Task<void> trim(Stream stream);

  StreamCatalog& streams_;
  ItemStore& items_;
  Millis period_;
  async::TaskGroup tasks_;
};

}  // namespace gust::tables
