// Exports: writes tables as they were at a time to buckets, in the layout of the service ("DynamoDB table export output
// format"). Errors name their thing in Error::source: "table", "creating", "recovery", "time", "token", "limit",
// "export". Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "tables/transfers/buckets.h"
#include "tables/transfers/export.h"
#include "tables/backups/restores.h"
#include "tables/transfers/transfers.h"

#include <functional>

namespace gust::tables {

class Exports {
 public:
  // Appends a line: an item as a file of the export has it.
  using Writing = std::function<void(std::string& out, const Item& item)>;
  struct Parts {
    kv::Store& store;
    ItemStore& items;
    Jobs& jobs;
    Restores& restores;
    Buckets& buckets;
    env::Clock& clock;
    env::Random& random;
    Writing writing;
  };
  // All of the parts outlive this. What jobs of exports do is told to `jobs`.
  explicit Exports(Parts parts);

  struct Wanted {
    Place place;
    std::optional<WallTime> time = {};  // none: now
    std::string bucket, bucket_owner = {};
    std::optional<std::string> prefix = {}, encryption = {};
    std::string token;   // never empty
    std::string digest;  // of the request
  };
  // The one that is there already where the token says so.
  async::Task<Export> create(Wanted wanted);
  async::Task<Export> find(TransferRef ref);  // kNotFound "export"

  struct Query {
    AccountId account;
    std::string region;
    std::optional<TableName> table = {};
    std::string after = {};  // an id
    std::size_t limit = 25;
  };
  struct Found {
    std::vector<Export> exports;
    bool more = false;
  };
  async::Task<Found> list(Query query);

 private:
  // A file while it is made: lines, compressed.
  struct File {
    std::string bytes;
    std::uint64_t items = 0;
    std::string last;  // the key of the last row in it
    bool whole = false;  // there are no more rows behind it
  };
  Result<Export> planned(kv::Transaction& tx, const Wanted& wanted);
  async::Task<void> run(Job job);
  async::Task<void> write(std::shared_ptr<Job> job, Export one);
  async::Task<void> write_files(std::shared_ptr<Job> job, const Export& one);
  Result<File> make_file(kv::Reader& reader, const Copying& copying) const;
  async::Task<std::string> manifest_of_files(std::string id);
  async::Task<void> write_manifests(const Export& one);
  async::Task<void> put(const Export& one, std::string name, std::string bytes);
  async::Task<void> release(std::shared_ptr<Job> job);
  async::Task<void> finish(Job job, Export one);

  Parts parts_;
  Copier copier_;
  async::BlockingPool workers_{"exports", 1};
};

}  // namespace gust::tables
