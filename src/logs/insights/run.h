// Run: one Insights query over events as a scan hands them over. take() may be called by several threads; all else by
// one.
#pragma once

#include "logs/insights/query.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace gust::logs::insights {

using Row = std::vector<std::pair<std::string, std::string>>;  // names and values of a result

// One group of stats: the sums of its aggregates.
class Aggregation;

class Run {
 public:
  // `most`: results at most, unless the query has a limit.
  Run(std::shared_ptr<const Query> query, std::size_t most);
  ~Run();

  void take(const Event& event, std::string_view log);
  // The result, once all was taken.
  std::vector<Row> finish();
  std::uint64_t matched() const { return matched_; }

 private:
  using Records = std::vector<Record>;
  // False: a filter does not let it through.
  bool pass(Record& record, std::size_t from, std::size_t to) const;
  void keep(Record record);
  void shrink();
  void run_rest(Records& records);
  void apply(const Command& command, Records& records);
  std::vector<Row> rows_of(const Records& records) const;
  bool is_first(const Record& a, const Record& b) const;

  std::shared_ptr<const Query> query_;
  std::size_t most_;
  std::size_t barrier_ = 0;  // the first command that is about all records together
  std::mutex mutex_;
  Records records_;
  std::unique_ptr<Aggregation> aggregation_;  // when the barrier is stats
  std::uint64_t matched_ = 0;
};

}  // namespace gust::logs::insights
