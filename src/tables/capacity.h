// CapacityMeter: what tables and global indexes have left of the units that they are provisioned with, or that their
// on-demand throughput is limited to. A request is let through while there is anything left, and what it took is told
// afterwards, so that a large one is owed and paid back by those behind it. Tables without limits cost nothing. Loop
// thread only. Source: "Burst and adaptive capacity", "Throughput capacity", DynamoDB developer guide.
#pragma once

#include "env/clock.h"
#include "tables/item_store.h"

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace gust::tables {

class CapacityMeter {
 public:
  static constexpr double kBurstSeconds = 300;  // of provisioned units that were not used

  explicit CapacityMeter(env::Clock& clock) : clock_(clock) {}

  // Nothing: there is something left of the table, or of the index of this name. A local index uses the table's.
  std::optional<Exceeded> check(const Table& table, Units units, std::string_view index = {});
  // The global indexes that take no writes now; empty for nearly all.
  std::vector<Exceeded> exhausted(const Table& table);
  void take(const Table& table, Units units, const Usage& usage);
  // Hears of all that is taken, of tables without limits, too.
  using Taken = std::function<void(const Table&, Units, double units)>;
  void on_taken(Taken taken) { taken_ = std::move(taken); }

 private:
  struct Rate {
    double units = 0;  // a second; 0: without limit
    double most = 0;
    Exceeded::Limit limit = Exceeded::Limit::kProvisioned;
  };
  struct Bucket {
    double left = 0;
    SteadyTime at = {};
    bool used = false;
  };
  struct Pair {
    Bucket read, write;
  };
  struct Buckets {
    Pair table;
    std::map<std::string, Pair, std::less<>> indexes;
  };
  static bool is_limited(const Table& table);
  static Rate rate_of(const Table& table, const Index* index, Units units);
  Bucket& bucket_of(const Table& table, const Index* index, Units units);
  double left(Bucket& bucket, const Rate& rate);
  void forget_idle();

  env::Clock& clock_;
  Taken taken_;
  std::unordered_map<std::string, Buckets> tables_;  // by id
};

}  // namespace gust::tables
