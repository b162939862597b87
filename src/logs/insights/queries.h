// Queries: Insights queries that run beside everything else, and their results, which are kept for a while. Loop thread
// only; scans are a pool's.
#pragma once

#include "async/task_group.h"
#include "env/clock.h"
#include "env/random.h"
#include "logs/event_store.h"
#include "logs/insights/run.h"

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::logs::insights {

struct QueryRequest {
  AccountId account;
  std::vector<GroupKey> groups;
  std::string text;
  std::int64_t from_ms = 0, to_ms = 0;  // both included
  std::size_t most = 10'000;            // results, unless the query has a limit
};

struct QueryState {
  enum class Status { kRunning, kComplete, kFailed, kCancelled } status = Status::kRunning;
  std::string id;
  QueryRequest request;
  std::int64_t created_ms = 0;
  std::vector<Row> rows;
  std::uint64_t matched = 0, scanned = 0, bytes = 0;
};

class Queries {
 public:
  static constexpr std::size_t kMaxRunning = 30, kMaxKept = 200;

  Queries(async::Executor executor, EventStore& events, env::Clock& clock, env::Random& random);

  // Its id. kInvalid "query"; kNotFound "group"; kTooLarge "limit" when too many run.
  async::Task<std::string> start(QueryRequest request);
  // kNotFound "query".
  Result<QueryState> state(const AccountId& account, const std::string& id) const;
  // False: it had ended. kNotFound "query".
  Result<bool> cancel(const AccountId& account, const std::string& id);
  // The newest first.
  std::vector<QueryState> of_account(const AccountId& account) const;
  async::Task<void> stop();

 private:
  struct Running {
    QueryState state;
    std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  };
  using Shared = std::shared_ptr<Running>;

  Result<Shared> find(const AccountId& account, const std::string& id) const;
  async::Task<void> run(Shared running, std::shared_ptr<const Query> query);

  EventStore& events_;
  env::Clock& clock_;
  env::Random& random_;
  std::deque<Shared> queries_;  // the oldest first
  async::BlockingPool finishers_;  // sorts results
  async::TaskGroup tasks_;
};

}  // namespace gust::logs::insights
