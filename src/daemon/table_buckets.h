// TableBuckets: what exports and imports of tables ask for, given by the object store and the log store. Loop thread
// only.
#pragma once

#include "daemon/function_logs.h"
#include "objects/object_store.h"
#include "tables/transfers/buckets.h"
#include "tables/transfers/imports.h"

namespace gust::daemon {

class TableBuckets final : public tables::Buckets {
 public:
  explicit TableBuckets(objects::ObjectStore& store) : store_(store) {}
  async::Task<std::string> put(Where where, std::string key, std::string bytes) override;
  async::Task<std::vector<Object>> list(Where where, std::string prefix, std::string after,
                                        std::size_t limit) override;
  async::Task<std::unique_ptr<async::ByteSource>> open(Where where, std::string key) override;

 private:
  async::Task<void> check(Where where);

  objects::ObjectStore& store_;
};

// Why items were not imported, as lines that `gust logs dynamodb-imports` shows.
void log_import(functions::LogStore& logs, const AccountId& account, const tables::Imports::Fault& fault);

}  // namespace gust::daemon
