// Imports: new tables of what objects in a bucket have. A table is kCreating until all is in it; one that cannot be
// made leaves nothing. Errors name their thing in Error::source: "token", "limit", "import", and as Catalog::create
// does. Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "tables/backups/backups.h"
#include "tables/transfers/buckets.h"
#include "tables/transfers/import_reader.h"
#include "tables/transfers/transfers.h"

#include <functional>

namespace gust::tables {

class Imports {
 public:
  // Hears why items were not taken; the first kMaxLogged of an import.
  static constexpr std::uint64_t kMaxLogged = 10'000;
  struct Fault {
    std::string arn, bucket, key;
    std::uint64_t index = 0;
    std::string message;
  };
  struct Parts {
    kv::Store& store;
    Catalog& catalog;
    ItemStore& items;
    Jobs& jobs;
    Buckets& buckets;
    env::Clock& clock;
    env::Random& random;
    ImportReader::LineReading line;
    std::function<void(const AccountId&, const Fault&)> log;
  };
  // All of the parts outlive this. What jobs of imports do is told to `jobs`.
  explicit Imports(Parts parts);

  // The one that is there already where the token says so. `wanted` without id and times.
  async::Task<Import> create(Import wanted, std::string digest);
  async::Task<Import> find(TransferRef ref);  // kNotFound "import"

  struct Query {
    AccountId account;
    std::string region;
    std::optional<TableName> table = {};
    std::string before = {};  // an id
    std::size_t limit = 25;
  };
  struct Found {
    std::vector<Import> imports;
    bool more = false;
  };
  async::Task<Found> list(Query query);  // the newest first

 private:
  // An object that is being read.
  struct Reading {
    Reading(const Import& one, const ImportReader::LineReading& line) : reader(one.format, one.table, line) {}
    ImportReader reader;
    std::vector<ImportReader::Record> records = {};
    std::uint64_t imported = 0, errors = 0;
    std::string key = {};
    bool broken = false;
  };
  async::Task<std::optional<Import>> seen(const Import& wanted, const std::string& digest);
  async::Task<void> run(Job job);
  async::Task<void> read_all(std::shared_ptr<Job> job, std::shared_ptr<Import> one);
  async::Task<void> read_object(std::shared_ptr<Job> job, std::shared_ptr<Import> one, std::string key);
  async::Task<void> take(const Import& one, std::shared_ptr<Reading> reading);
  void tell(const Import& one, Reading& reading, std::uint64_t index, const std::string& message);
  async::Task<void> complete(Job job, Import one);
  async::Task<void> give_up(Job job, Import one, Failure failure);

  Parts parts_;
  async::BlockingPool workers_{"imports", 1};
};

}  // namespace gust::tables
