#include "scaling/registry.h"

#include "scaling/rows.h"
#include "scaling/schedule.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::scaling {
namespace {

constexpr std::size_t kMany = 100'000;

std::string place_of(const Resource& resource) {
  return fmt::format("service namespace: {}, resource ID: {}, scalable dimension: {}", kNamespace, resource.id,
                     kDimension);
}

std::unexpected<Error> no_target(const Resource& resource) {
  return fail(Code::kNotFound, fmt::format("No scalable target registered for {}", place_of(resource)), "target");
}

template <typename T>
Result<std::optional<T>> find(kv::Reader& reader, const std::string& key) {
  GUST_TRY(const auto row, reader.get(key));
  if (!row) return std::nullopt;
  GUST_TRY(auto out, rows::decode<T>(*row));
  return std::optional<T>(std::move(out));
}

// One more below `prefix`, where `most` may be.
Result<void> check_room(kv::Transaction& tx, const AccountId& account, const std::string& prefix, std::size_t most,
                        std::string_view what) {
  const auto guard = rows::guard_key(account);
  GUST_CHECK(tx.get(guard));
  tx.put(guard, prefix);
  GUST_TRY(const auto found, tx.scan(kv::Range::prefix(prefix, most)));
  if (found.size() < most) return {};
  return fail(Code::kTooLarge, fmt::format("{} exist already, and {} is the most; delete one first", what, most),
              "limit");
}

void plan(kv::Transaction& tx, const std::optional<WallTime>& before, const ScheduledAction& action) {
  if (before) tx.erase(rows::due_key(*before, action.resource, action.name));
  if (action.due) tx.put(rows::due_key(*action.due, action.resource, action.name), "");
}

bool chosen(const std::vector<std::string>& from, const std::string& one) {
  return from.empty() || std::ranges::find(from, one) != from.end();
}

// The rows below `prefix` that `keep` takes, after the query's place.
template <typename T, typename Keep>
Result<Page<T>> page_of(kv::Reader& reader, const std::string& prefix, const Registry::Query& query, Keep keep) {
  auto range = kv::Range::prefix(prefix);
  if (!query.after.empty()) {
    if (!query.after.starts_with(prefix))
      return fail(Code::kInvalid, "The next token is not one that this list gave", "token");
    range.begin = query.after + '\0';
  }
  Page<T> out;
  std::string last;
  for (;;) {
    GUST_TRY(const auto found, reader.scan(range));
    for (const auto& row : found) {
      GUST_TRY(auto item, rows::decode<T>(row.value));
      if (!keep(item)) continue;
      if (out.items.size() == query.limit) {
        out.next = last;
        return out;
      }
      out.items.push_back(std::move(item));
      last = row.key;
    }
    if (found.size() < range.limit) return out;
    range.begin = found.back().key + '\0';
  }
}

}  // namespace

Result<void> check_bounds(std::uint32_t min, std::uint32_t max) {
  if (min <= max) return {};
  return fail(Code::kInvalid,
              fmt::format("Maximum capacity cannot be less than minimum capacity: {} is less than {}", max, min),
              "target");
}

Result<void> check_tags(const Registry::Tags& tags) {
  if (tags.size() > Registry::kMaxTags)
    return fail(Code::kTooLarge, fmt::format("{} tags, {} at most", tags.size(), Registry::kMaxTags), "tags");
  for (const auto& [key, value] : tags) {
    if (key.starts_with("aws:"))
      return fail(Code::kInvalid, fmt::format("Tag key '{}': names that begin with aws: are reserved", key), "tags");
    if (key.empty() || key.size() > 128 || value.size() > 256)
      return fail(Code::kInvalid, "A tag's key has 1 to 128 characters, its value 256 at most", "tags");
  }
  return {};
}

Result<Target> Registry::changed_target(kv::Transaction& tx, const Resource& resource, const TargetChange& change) {
  GUST_TRY(auto found, find<Target>(tx, rows::target_key(resource)));
  if (!found) {
    if (!change.min || !change.max) {
      return fail(Code::kInvalid,
                  fmt::format("MinCapacity and MaxCapacity are both required to register a new scalable target ({})",
                              place_of(resource)),
                  "target");
    }
    GUST_CHECK(check_room(tx, resource.account, rows::targets_prefix(resource.account), kMaxTargets,
                          "scalable targets of this account"));
    found.emplace();
    found->resource = resource;
    found->id = random_.pick(36, "0123456789abcdef");
    found->created_at = clock_.now();
    found->tags = change.tags.value_or(Tags());
  } else if (change.tags && !change.tags->empty()) {
    return fail(Code::kInvalid, "Tags are set when a target is registered first; use TagResource to change them",
                "tags");
  }
  GUST_CHECK(check_tags(found->tags));
  found->min = change.min.value_or(found->min);
  found->max = change.max.value_or(found->max);
  GUST_CHECK(check_bounds(found->min, found->max));
  auto& suspended = found->suspended;
  suspended.scale_in = change.scale_in_suspended.value_or(suspended.scale_in);
  suspended.scale_out = change.scale_out_suspended.value_or(suspended.scale_out);
  suspended.schedules = change.schedules_suspended.value_or(suspended.schedules);
  return *std::move(found);
}

async::Task<Target> Registry::put_target(Resource resource, TargetChange change) {
  const auto current = co_await capacity_.get(resource);
  if (!current && current.error().code == Code::kNotFound)
    co_return fail(Code::kInvalid, current.error().message, "resource");
  if (!current) co_return std::unexpected(current.error());
  const auto out = std::make_shared<Target>();
  kv::Store::Body body = [this, resource, change, out, current = *current](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(*out, changed_target(tx, resource, change));
    tx.put(rows::target_key(resource), rows::encode(*out));
    Activity activity{.resource = resource, .wanted = std::clamp(current, out->min, out->max), .before = current};
    if (activity.wanted == current) return {};
    activity.cause = activity.wanted > current ? fmt::format("minimum capacity was set to {}", out->min)
                                               : fmt::format("maximum capacity was set to {}", out->max);
    return log_.begin(tx, std::move(activity));
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return *out;
}

async::Task<void> Registry::remove_target(Resource resource) {
  kv::Store::Body body = [resource](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto target, tx.get(rows::target_key(resource)));
    if (!target)
      return fail(Code::kNotFound, fmt::format("No scalable target found for {}", place_of(resource)), "target");
    tx.erase(rows::target_key(resource));
    // Its row is what putting an action or a policy reads, so that none comes in between.
    GUST_TRY(const auto actions, tx.scan(kv::Range::prefix(rows::actions_prefix(resource), kMany)));
    for (const auto& row : actions) {
      GUST_TRY(const auto action, rows::decode<ScheduledAction>(row.value));
      if (action.due) tx.erase(rows::due_key(*action.due, resource, action.name));
      tx.erase(row.key);
    }
    GUST_TRY(const auto policies, tx.scan(kv::Range::prefix(rows::policies_prefix(resource), kMany)));
    for (const auto& row : policies) tx.erase(row.key);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<Page<Target>> Registry::targets(Query query) {
  const auto view = store_.snapshot();
  co_return page_of<Target>(*view, rows::targets_prefix(query.account), query,
                            [&](const Target& t) { return chosen(query.resources, t.resource.id); });
}

static std::unexpected<Error> no_arn(const std::string& id) {
  return fail(Code::kNotFound, fmt::format("No scalable target has the ARN that ends with scalable-target/{}", id),
              "arn");
}

static Result<Target> read_by_id(kv::Reader& reader, const AccountId& account, const std::string& id) {
  GUST_TRY(const auto all, reader.scan(kv::Range::prefix(rows::targets_prefix(account), kMany)));
  for (const auto& row : all) {
    GUST_TRY(auto target, rows::decode<Target>(row.value));
    if (target.id == id) return target;
  }
  return no_arn(id);
}

async::Task<Target> Registry::target_by_id(AccountId account, std::string id) {
  const auto view = store_.snapshot();
  co_return read_by_id(*view, account, id);
}

async::Task<void> Registry::retag(AccountId account, std::string id, std::function<void(Tags&)> change) {
  kv::Store::Body body = [account, id, change](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto found, read_by_id(tx, account, id));
    GUST_TRY(auto target, find<Target>(tx, rows::target_key(found.resource)));
    if (!target) return no_arn(id);
    change(target->tags);
    GUST_CHECK(check_tags(target->tags));
    tx.put(rows::target_key(target->resource), rows::encode(*target));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

Result<ScheduledAction> Registry::changed_action(kv::Transaction& tx, const Resource& resource,
                                                 const std::string& name, const ScheduledActionChange& change) {
  GUST_TRY(auto found, find<ScheduledAction>(tx, rows::action_key(resource, name)));
  const auto now = clock_.now();
  if (!found) {
    if (!change.schedule) return fail(Code::kInvalid, "Schedule is required to create a scheduled action", "schedule");
    if (!change.bounds) {
      return fail(Code::kInvalid, "ScalableTargetAction is required to create a scheduled action, with MinCapacity, "
                                  "MaxCapacity or both",
                  "action");
    }
    GUST_CHECK(check_room(tx, resource.account, rows::actions_prefix(resource), kMaxActions,
                          "scheduled actions of this scalable target"));
    found.emplace();
    found->resource = resource;
    found->name = name;
    found->id = random_.uuid();
    found->created_at = now;
  }
  auto& action = *found;
  action.changed_at = now;
  action.schedule = change.schedule.value_or(action.schedule);
  action.timezone = change.timezone.value_or(action.timezone);
  action.start = change.start;
  action.end = change.end;
  if (change.bounds) action.min = change.bounds->min, action.max = change.bounds->max;
  if (!action.min && !action.max)
    return fail(Code::kInvalid, "At least one of minimum capacity and maximum capacity should be provided", "action");
  if (action.min && action.max) GUST_CHECK(check_bounds(*action.min, *action.max));
  if (action.start && action.end && *action.end <= *action.start)
    return fail(Code::kInvalid, "EndTime must be after StartTime", "schedule");
  GUST_TRY(const auto schedule,
           Schedule::parse(action.schedule, action.timezone, {action.start, action.end, action.changed_at}));
  action.due = schedule.next(now);
  // One that has run may get other bounds.
  if (!action.due && (change.schedule || change.start || change.end)) {
    return fail(Code::kInvalid,
                fmt::format("Schedule '{}' is never due after now between StartTime and EndTime; give a time in the "
                            "future",
                            action.schedule),
                "schedule");
  }
  return *std::move(found);
}

async::Task<ScheduledAction> Registry::put_action(Resource resource, std::string name, ScheduledActionChange change) {
  const auto out = std::make_shared<ScheduledAction>();
  kv::Store::Body body = [this, resource, name, change, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto target, tx.get(rows::target_key(resource)));
    if (!target) return no_target(resource);
    GUST_TRY(const auto before, find<ScheduledAction>(tx, rows::action_key(resource, name)));
    GUST_TRY(*out, changed_action(tx, resource, name, change));
    plan(tx, before ? before->due : std::nullopt, *out);
    tx.put(rows::action_key(resource, name), rows::encode(*out));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return *out;
}

async::Task<void> Registry::remove_action(Resource resource, std::string name) {
  kv::Store::Body body = [resource, name](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto action, find<ScheduledAction>(tx, rows::action_key(resource, name)));
    if (!action) {
      return fail(Code::kNotFound,
                  fmt::format("No scheduled action found for {}, scheduled action name: {}", place_of(resource), name),
                  "action");
    }
    if (action->due) tx.erase(rows::due_key(*action->due, resource, name));
    tx.erase(rows::action_key(resource, name));
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<Page<ScheduledAction>> Registry::actions(Query query) {
  const auto view = store_.snapshot();
  co_return page_of<ScheduledAction>(
      *view, rows::actions_prefix(query.account), query, [&](const ScheduledAction& a) {
        return chosen(query.resources, a.resource.id) && chosen(query.names, a.name);
      });
}

async::Task<Policy> Registry::put_policy(Policy policy) {
  const auto out = std::make_shared<Policy>();
  kv::Store::Body body = [this, policy, out](kv::Transaction& tx) -> Result<void> {
    GUST_TRY(const auto target, tx.get(rows::target_key(policy.resource)));
    if (!target) return no_target(policy.resource);
    const auto key = rows::policy_key(policy.resource, policy.name);
    GUST_TRY(const auto before, find<Policy>(tx, key));
    *out = policy;
    if (before) {
      out->id = before->id;
      out->created_at = before->created_at;
      out->out_at = before->out_at;
      out->out_base = before->out_base;
      out->in_at = before->in_at;
    } else {
      GUST_CHECK(check_room(tx, policy.resource.account, rows::policies_prefix(policy.resource), kMaxPolicies,
                            "scaling policies of this scalable target"));
      out->id = random_.uuid();
      out->created_at = clock_.now();
    }
    tx.put(key, rows::encode(*out));
    return {};
  };
  GUST_CO_CHECK(co_await store_.transact(std::move(body)));
  co_return *out;
}

async::Task<void> Registry::remove_policy(Resource resource, std::string name) {
  kv::Store::Body body = [resource, name](kv::Transaction& tx) -> Result<void> {
    const auto key = rows::policy_key(resource, name);
    GUST_TRY(const auto there, tx.get(key));
    if (!there) {
      return fail(Code::kNotFound,
                  fmt::format("No scaling policy found for {}, policy name: {}", place_of(resource), name), "policy");
    }
    tx.erase(key);
    return {};
  };
  co_return co_await store_.transact(std::move(body));
}

async::Task<Page<Policy>> Registry::policies(Query query) {
  const auto view = store_.snapshot();
  co_return page_of<Policy>(*view, rows::policies_prefix(query.account), query, [&](const Policy& p) {
    return chosen(query.resources, p.resource.id) && chosen(query.names, p.name);
  });
}

async::Task<Page<Activity>> Registry::activities(Query query) {
  const auto view = store_.snapshot();
  const auto oldest = clock_.now() - ActivityLog::kKept;
  co_return page_of<Activity>(*view, rows::activities_prefix(query.account), query, [&](const Activity& a) {
    return a.started_at >= oldest && chosen(query.resources, a.resource.id);
  });
}

}  // namespace gust::scaling
