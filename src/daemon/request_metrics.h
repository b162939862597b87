// RequestMetrics: the metrics of requests to buckets, tables and HTTP APIs (AWS/S3, AWS/DynamoDB, AWS/ApiGateway) and
// of what buckets hold, summed up in memory until they are taken. Loop thread only.
#pragma once

#include "daemon/served.h"
#include "gateway/gateway.h"
#include "meter/use_ledger.h"
#include "metrics/metric.h"
#include "tables/capacity.h"
#include "tables/catalog.h"

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <vector>

namespace gust::daemon {

class RequestMetrics {
 public:
  // Buckets, tables' operations and stages that are summed up apart; requests to more leave no trace here.
  static constexpr std::size_t kMostThings = 10'000;

  // `owner` tells whose a bucket is.
  explicit RequestMetrics(meter::UseLedger::Owner owner) : owner_(std::move(owner)) {}

  // Of buckets and tables.
  void served(const Served& request);
  void answered(const gateway::Answered& request);
  // A table's request took so many units.
  void taken(const tables::Table& table, tables::Units units, double number);
  // What a bucket holds, all versions.
  void stored(const AccountId& account, const std::string& bucket, std::uint64_t bytes, std::uint64_t objects);

  // What came since the last time, without its time. Nothing of what is gone meanwhile.
  async::Task<std::vector<metrics::Sample>> take();

 private:
  enum Verb { kGet, kPut, kDelete, kHead, kPost, kList, kVerbs };
  struct Bucket {
    std::array<double, kVerbs> verbs{};
    double requests = 0, client_errors = 0, server_errors = 0;
    metrics::Summary downloaded, uploaded, first_byte_ms;
  };
  struct Operation {
    double throttled = 0, server_errors = 0;
    metrics::Summary latency_ms;
  };
  struct Table {
    double conditions_failed = 0;
    metrics::Summary read, written;
  };
  struct Stage {
    double requests = 0, client_errors = 0, server_errors = 0;
    metrics::Summary latency_ms, integration_ms, bytes;
    void add(const Stage& other);
  };
  using Samples = std::vector<metrics::Sample>;

  void count_objects(const Served& request);
  void count_tables(const Served& request);
  async::Task<Samples> of_buckets(std::map<std::string, Bucket> buckets);
  void add_tables(Samples& out);
  void add_apis(Samples& out);

  meter::UseLedger::Owner owner_;
  std::map<std::string, Bucket> buckets_;
  std::map<std::tuple<AccountId, std::string, std::string>, Operation> operations_;  // table, operation
  std::map<std::pair<AccountId, std::string>, Table> tables_;
  std::map<AccountId, double> user_errors_;
  std::map<std::tuple<AccountId, std::string, std::string>, Stage> stages_;  // API, stage
  Samples stored_;
};

}  // namespace gust::daemon
