// UseCounts: what requests to buckets, tables and HTTP APIs use, and what is stored, into the ledger and the metrics.
// Loop thread only.
#pragma once

#include "async/task_group.h"
#include "auth/accounts.h"
#include "daemon/request_metrics.h"
#include "daemon/served.h"
#include "gateway/apis.h"
#include "meter/use_ledger.h"
#include "objects/object_store.h"
#include "tables/capacity.h"
#include "tables/catalog.h"
#include "tables/sweeper.h"

namespace gust::daemon {

// Whose a bucket or an API is. kNotFound.
meter::UseLedger::Owner owner_of(objects::ObjectStore& objects, gateway::Apis& apis);

class UseCounts {
 public:
  struct Parts {
    meter::UseLedger& ledger;
    RequestMetrics& metrics;
    auth::Accounts& accounts;
    objects::ObjectStore& objects;
    tables::Catalog& catalog;
    tables::Sweeper& sweeper;
  };
  // What is stored is looked at every `period`: a minute after the start for the first time, then no more often than
  // that.
  UseCounts(async::Executor executor, Parts parts, Millis period)
      : parts_(parts), period_(period), tasks_(executor, "storage counts") {}

  void served(const Served& request);
  void taken(const tables::Table& table, tables::Units units, double number);

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }

 private:
  struct Stored {
    std::uint64_t bytes = 0, objects = 0;
  };

  async::Task<void> run();
  async::Task<void> look(Millis since);
  async::Task<Stored> stored_in(BucketName bucket);

  Parts parts_;
  Millis period_;
  async::TaskGroup tasks_;
};

}  // namespace gust::daemon
