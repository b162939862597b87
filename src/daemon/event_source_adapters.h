// Event source adapters: tables' streams as sources, functions as targets, buckets for what is given up. Loop thread
// only.
#pragma once

#include "env/clock.h"
#include "event_sources/source.h"
#include "functions/invoker.h"
#include "functions/record_store.h"
#include "tables/item_store.h"
#include "tables/streams/stream_catalog.h"

#include <memory>
#include <string>
#include <vector>

namespace gust::daemon {

class TableStreams final : public event_sources::Source {
 public:
  // Made before the first write to a table. All outlive this.
  TableStreams(async::Executor executor, tables::StreamCatalog& streams, tables::ItemStore& items);
  ~TableStreams() override;

  async::Task<std::vector<std::string>> shards(AccountId account, std::string stream) override;
  async::Task<std::string> newest(std::string stream, std::string shard) override;
  async::Task<Piece> read(std::string stream, std::string shard, std::string after, std::size_t limit) override;
  std::shared_ptr<async::Event> changes(std::string stream) override;
  Millis retention() const override { return tables::kStreamRetention; }

 private:
  struct Watch;  // what is told on other threads
  async::Task<tables::Stream> find(std::string arn);

  async::Executor executor_;
  tables::StreamCatalog& streams_;
  tables::ItemStore& items_;
  std::shared_ptr<Watch> watch_;
};

class FunctionBatches final : public event_sources::Target {
 public:
  explicit FunctionBatches(functions::Invoker& invoker) : invoker_(invoker) {}
  async::Task<Answer> invoke(RequestContext context, std::string function_arn, std::string payload) override;

 private:
  functions::Invoker& invoker_;
};

class BucketFailures final : public event_sources::Failures {
 public:
  explicit BucketFailures(functions::RecordStore& records) : records_(records) {}
  async::Task<void> put(RequestContext context, std::string arn, std::string name, std::string record) override;

 private:
  functions::RecordStore& records_;
};

}  // namespace gust::daemon
