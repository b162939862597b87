// StreamCatalog: the streams that there are: those of tables, and for a day those that have ended. Not their records,
// which ItemStore keeps. Catalog begins and ends them. Loop thread only.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "kv/store.h"
#include "tables/table_rows.h"

#include <string>
#include <vector>

namespace gust::tables {

// In the transaction that declares the table.
void begin_stream(kv::Transaction& tx, const Table& table, WallTime now);
Result<void> end_stream(kv::Transaction& tx, const Table& table, WallTime now);

class StreamCatalog {
 public:
  StreamCatalog(kv::Store& store, env::Clock& clock) : store_(store), clock_(clock) {}

  async::Task<Stream> find(Place place, std::string label);  // kNotFound "stream"

  struct Wanted {
    Place place;             // without a name: of all tables
    Place after = {};        // with a name: streams behind this one's
    std::string label = {};  // of `after`
    std::size_t limit = 100;
  };
  struct Found {
    std::vector<Stream> streams;
    bool more = false;
  };
  // In the order of names and labels.
  async::Task<Found> list(Wanted wanted);

  // Of every account and region, those that are over, too.
  async::Task<std::vector<Stream>> all();
  // Ended so long ago that nobody reads it any more.
  bool is_over(const Stream& stream) const;
  async::Task<void> forget(Stream stream);

 private:
  kv::Store& store_;
  env::Clock& clock_;
};

}  // namespace gust::tables
