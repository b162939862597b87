// Aggregation: what stats keeps of the records of each group. One thread at a time.
#pragma once

#include "logs/insights/query.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace gust::logs::insights {

class Aggregation {
 public:
  explicit Aggregation(const Command& stats) : stats_(stats) {}

  void add(const Record& record);
  // A record for each group, in no order, with the columns of "by" and the aggregates.
  std::vector<Record> finish() const;

 private:
  // Of one aggregate of one group.
  struct Sum {
    std::uint64_t count = 0;
    double sum = 0, squares = 0;
    Value least, most;
    std::vector<double> numbers;  // of percentiles
    std::set<std::string> texts;  // that differ
    std::int64_t earliest_ms = 0, latest_ms = 0;
    Value earliest, latest;

    void add(const Aggregate& of, const Record& record);
    Value result(const Aggregate& of) const;
  };
  struct Group {
    std::vector<Value> by;
    std::vector<Sum> sums;
  };

  const Command& stats_;
  std::map<std::string, Group> groups_;
};

}  // namespace gust::logs::insights
