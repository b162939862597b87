#include "scaling/scaler.h"

#include "base/log.h"
#include "scaling/registry.h"
#include "scaling/schedule.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::scaling {
namespace {

constexpr std::size_t kBatch = 100, kMany = 100'000;

}  // namespace

Scaler::Scaler(async::Executor executor, kv::Store& store, env::Clock& clock, Capacity& capacity,
               Utilisation& utilisation, ActivityLog& log, ScalerSettings settings)
    : store_(store),
      clock_(clock),
      capacity_(capacity),
      utilisation_(utilisation),
      log_(log),
      settings_(settings),
      settled_(executor),
      tasks_(executor, "scaling") {}

void Scaler::start() { tasks_.spawn(run()); }

async::Task<void> Scaler::stop() { return tasks_.stop(); }

async::Task<void> Scaler::run() {
  for (;;) {
    const auto done = co_await tick();
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("scaling: {}; trying again", done.error().message);
    GUST_CO_CHECK(co_await async::sleep_for(settings_.look_every));
  }
}

async::Task<void> Scaler::tick() {
  GUST_CO_CHECK(co_await settle());
  GUST_CO_CHECK(co_await run_due());
  GUST_CO_CHECK(co_await settle());
  co_return co_await measure();
}

async::Task<void> Scaler::settle() {
  while (settling_) GUST_CO_CHECK(co_await settled_.wait());
  settling_ = true;
  const auto done = co_await settle_in_turn();
  settling_ = false;
  settled_.pulse();
  co_return done;
}

async::Task<void> Scaler::settle_in_turn() {
  for (;;) {
    GUST_CO_TRY(const auto pending, co_await store_.scan(kv::Range::prefix(std::string(rows::kPending), kBatch)));
    if (pending.empty()) co_return Result<void>{};
    for (const auto& row : pending) {
      GUST_CO_TRY(const bool done, co_await perform(row.key, row.value));
      if (!done) co_return Result<void>{};
    }
  }
}

async::Task<bool> Scaler::perform(std::string pending, std::string key) {
  GUST_CO_TRY(const auto row, co_await store_.get(key));
  auto activity = row ? rows::decode<Activity>(*row) : fail(Code::kCorrupt, "an activity's row is gone");
  Result<void> set;
  if (activity) set = co_await capacity_.set(activity->resource, activity->wanted);
  if (!activity) GUST_ERROR("scaling: {}", activity.error().message);
  if (!set && is_retryable(set.error().code)) {
    GUST_WARN("scaling: {}: {}; trying again", activity->resource.id, set.error().message);
    co_return false;
  }
  const auto now = clock_.now();
  kv::Store::Body body = [pending, key, activity, set, now](kv::Transaction& tx) mutable -> Result<void> {
    tx.erase(pending);
    if (!activity) return {};
    auto done = *activity;
    done.ended_at = now;
    done.status = set ? Activity::Status::kSuccessful : Activity::Status::kFailed;
    done.message = set ? fmt::format("Successfully set desired concurrency to {}. Change successfully fulfilled by {}.",
                                     done.wanted, kNamespace)
                       : ActivityLog::failure(done.wanted, set.error().message);
    tx.put(key, rows::encode(done));
    if (!set || done.policy.empty()) return {};
    const auto policy_key = rows::policy_key(done.resource, done.policy);
    GUST_TRY(const auto found, tx.get(policy_key));
    if (!found) return {};
    GUST_TRY(auto policy, rows::decode<Policy>(*found));
    policy.in_at.reset();  // scaling out ends the rest after scaling in
    if (done.direction == Direction::kIn) {
      policy.in_at = now;
    } else {
      policy.out_at = now;
      policy.out_base = done.before;
    }
    tx.put(policy_key, rows::encode(policy));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return true;
}

async::Task<void> Scaler::run_due() {
  for (;;) {
    kv::Range range{std::string(rows::kDue), rows::due_before(clock_.now()), kBatch};
    GUST_CO_TRY(const auto due, co_await store_.scan(std::move(range)));
    for (const auto& row : due) {
      GUST_CO_CHECK(co_await run_or_forget(row.key));
      GUST_CO_CHECK(co_await settle());
    }
    if (due.size() < kBatch) co_return Result<void>{};
  }
}

// One that cannot be read, or whose time zone the system has no more, must not hold up the others.
async::Task<void> Scaler::run_or_forget(std::string key) {
  auto due = rows::decode_due_key(key);
  Result<void> ran;
  if (due) ran = co_await run_action(*std::move(due), key);
  else ran = std::unexpected(due.error());
  if (ran || (ran.error().code != Code::kCorrupt && ran.error().code != Code::kInvalid)) co_return ran;
  GUST_ERROR("scaling: a scheduled action is given up: {}", ran.error().message);
  kv::Store::Body body = [key](kv::Transaction& tx) -> Result<void> {
    tx.erase(key);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<void> Scaler::run_action(rows::Due due, std::string key) {
  const auto current = co_await capacity_.get(due.resource);
  if (!current && is_retryable(current.error().code)) co_return std::unexpected(current.error());
  kv::Store::Body body = [this, due, key, current](kv::Transaction& tx) { return apply(tx, due, key, current); };
  co_return co_await store_.transact(std::move(body));
}

// However often it was due meanwhile, it runs once.
Result<void> Scaler::apply(kv::Transaction& tx, const rows::Due& due, const std::string& key,
                           const Result<std::uint32_t>& current) {
  GUST_TRY(const auto still, tx.get(key));
  if (!still) return {};
  tx.erase(key);
  const auto action_key = rows::action_key(due.resource, due.name), target_key = rows::target_key(due.resource);
  GUST_TRY(const auto action_row, tx.get(action_key));
  GUST_TRY(const auto target_row, tx.get(target_key));
  if (!action_row || !target_row) return {};
  GUST_TRY(auto action, rows::decode<ScheduledAction>(*action_row));
  GUST_TRY(auto target, rows::decode<Target>(*target_row));

  GUST_TRY(const auto schedule,
           Schedule::parse(action.schedule, action.timezone, {action.start, action.end, action.changed_at}));
  action.due = schedule.next(clock_.now());
  if (action.due) tx.put(rows::due_key(*action.due, due.resource, due.name), "");
  tx.put(action_key, rows::encode(action));
  if (target.suspended.schedules) return {};

  target.min = action.min.value_or(target.min);
  target.max = action.max.value_or(target.max);
  const auto before = current.value_or(0);
  Activity activity{.resource = due.resource, .before = before};
  activity.wanted = std::max(target.min, std::min(before, target.max));
  activity.cause = activity.wanted > before || !current ? fmt::format("minimum capacity was set to {}", target.min)
                                                        : fmt::format("maximum capacity was set to {}", target.max);
  activity.cause += fmt::format(" by scheduled action {}", action.name);
  if (const auto right = check_bounds(target.min, target.max); !right)
    return log_.refuse(tx, std::move(activity), right.error().message);
  tx.put(target_key, rows::encode(target));
  if (!current) return log_.refuse(tx, std::move(activity), current.error().message);
  return activity.wanted == before ? Result<void>{} : log_.begin(tx, std::move(activity));
}

async::Task<Scaler::Policies> Scaler::policies() {
  GUST_CO_TRY(const auto found, co_await store_.scan(kv::Range::prefix(std::string(rows::kPolicies), kMany)));
  Policies out;
  for (const auto& row : found) {
    GUST_CO_TRY(auto policy, rows::decode<Policy>(row.value));
    out[policy.resource].push_back(std::move(policy));
  }
  co_return out;
}

async::Task<void> Scaler::measure() {
  GUST_CO_TRY(const auto all, co_await policies());
  std::erase_if(series_, [&](const auto& entry) { return !all.contains(entry.first); });
  const auto period = clock_.now().time_since_epoch() / settings_.period;
  const auto before = std::exchange(period_, period);
  if (period != before && period != before + 1) series_.clear();  // the machine slept, or its clock was set
  if (period == before + 1) {
    for (auto& [resource, series] : series_) series.close();
    const auto measured = series_;
    for (const auto& [resource, series] : measured)
      GUST_CO_CHECK(co_await evaluate(resource, all.at(resource), series.points()));
    GUST_CO_CHECK(co_await settle());
  }
  for (const auto& [resource, unused] : all) {
    const auto use = co_await utilisation_.now(resource);
    if (use && *use) series_[resource].sample(**use);
  }
  co_return Result<void>{};
}

async::Task<void> Scaler::evaluate(Resource resource, std::vector<Policy> policies, std::deque<double> points) {
  const auto current = co_await capacity_.get(resource);
  if (!current || *current == 0) co_return Result<void>{};
  kv::Store::Body body = [=, this](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto row, tx.get(rows::target_key(resource)));
    if (!row) return {};
    GUST_TRY(const auto target, rows::decode<Target>(*row));
    const auto decision = decide(target, policies, points, *current, clock_.now());
    if (!decision) return {};
    const auto policy = std::ranges::find(policies, decision->policy, &Policy::name);
    Activity activity{.resource = resource, .wanted = decision->wanted};
    activity.cause = fmt::format("monitor alarm {} in state ALARM triggered policy {}",
                                 policy->alarm(decision->direction), policy->name);
    activity.policy = policy->name;
    activity.direction = decision->direction;
    activity.before = *current;
    return log_.begin(tx, std::move(activity));
  };
  co_return co_await store_.transact(std::move(body));
}

}  // namespace gust::scaling
