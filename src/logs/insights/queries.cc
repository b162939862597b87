#include "logs/insights/queries.h"

#include "base/log.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::logs::insights {
namespace {

// Every message, but in blocks only that can have what the query's first filters want.
class Prefilter final : public FilterPattern {
 public:
  explicit Prefilter(Needs needs) : needs_(std::move(needs)) {}
  bool matches(std::string_view) const override { return true; }
  Needs needs() const override { return needs_; }

 private:
  Needs needs_;
};

}  // namespace

Queries::Queries(async::Executor executor, EventStore& events, env::Clock& clock, env::Random& random)
    : events_(events), clock_(clock), random_(random), finishers_("insights", 1), tasks_(executor, "log queries") {}

async::Task<void> Queries::stop() {
  for (const auto& each : queries_) *each->cancelled = true;
  co_return co_await tasks_.stop();
}

async::Task<std::string> Queries::start(QueryRequest request) {
  GUST_CO_TRY(auto parsed, parse_query(request.text));
  for (const auto& key : request.groups) GUST_CO_CHECK(co_await events_.next_sequence(key));
  const auto running = std::ranges::count_if(
      queries_, [](const auto& each) { return each->state.status == QueryState::Status::kRunning; });
  if (static_cast<std::size_t>(running) >= kMaxRunning)
    co_return fail(Code::kTooLarge, fmt::format("At most {} queries may run at a time", kMaxRunning), "limit");
  auto made = std::make_shared<Running>();
  made->state.id = random_.uuid();
  made->state.request = std::move(request);
  made->state.created_ms = to_epoch_ms(clock_.now());
  queries_.push_back(made);
  while (queries_.size() > kMaxKept && queries_.front()->state.status != QueryState::Status::kRunning)
    queries_.pop_front();
  tasks_.spawn(run(made, std::make_shared<const Query>(std::move(parsed))));
  co_return made->state.id;
}

async::Task<void> Queries::run(Shared running, std::shared_ptr<const Query> query) {
  auto& state = running->state;
  const auto run = std::make_shared<Run>(query, state.request.most);
  SearchQuery scan;
  scan.low = {state.request.from_ms, 0};
  scan.high = {state.request.to_ms + 1, 0};
  scan.pattern = std::make_shared<const Prefilter>(query->needs());
  GUST_CO_CHECK(co_await events_.flush());
  for (const auto& key : state.request.groups) {
    const auto log = fmt::format("{}:{}", key.account, key.name);
    auto take = [run, log, cancelled = running->cancelled](Event event) {
      run->take(event, log);
      return !*cancelled;
    };
    const auto done = co_await events_.scan(key, scan, std::move(take));
    if (!done && done.error().code == Code::kCancelled) co_return std::unexpected(done.error());
    if (*running->cancelled) co_return Result<void>{};
    if (!done) {
      GUST_WARN("logs: a query of {} failed: {}", key.name, done.error().message);
      state.status = QueryState::Status::kFailed;
      co_return Result<void>{};
    }
    state.scanned += done->events;
    state.bytes += done->bytes;
  }
  auto finish = [run]() -> Result<std::vector<Row>> { return run->finish(); };
  GUST_CO_TRY(state.rows, co_await finishers_.run(std::move(finish)));
  if (*running->cancelled) co_return Result<void>{};
  state.matched = run->matched();
  state.status = QueryState::Status::kComplete;
  co_return Result<void>{};
}

Result<Queries::Shared> Queries::find(const AccountId& account, const std::string& id) const {
  const auto found = std::ranges::find_if(queries_, [&](const auto& each) {
    return each->state.id == id && each->state.request.account == account;
  });
  if (found != queries_.end()) return *found;
  return fail(Code::kNotFound, fmt::format("Query with id {} does not exist", id), "query");
}

Result<QueryState> Queries::state(const AccountId& account, const std::string& id) const {
  GUST_TRY(const auto found, find(account, id));
  return found->state;
}

Result<bool> Queries::cancel(const AccountId& account, const std::string& id) {
  GUST_TRY(const auto found, find(account, id));
  if (found->state.status != QueryState::Status::kRunning) return false;
  *found->cancelled = true;
  found->state.status = QueryState::Status::kCancelled;
  return true;
}

std::vector<QueryState> Queries::of_account(const AccountId& account) const {
  std::vector<QueryState> out;
  for (auto it = queries_.rbegin(); it != queries_.rend(); ++it) {
    if ((*it)->state.request.account == account) out.push_back((*it)->state);
  }
  return out;
}

}  // namespace gust::logs::insights
