// Registry: scalable targets with their scheduled actions and scaling policies, durably. Errors name their thing in
// Error::source: "target", "action", "policy", "arn", "limit", "tags", "token". Loop thread only.
#pragma once

#include "async/task.h"
#include "env/clock.h"
#include "env/random.h"
#include "kv/store.h"
#include "scaling/activity_log.h"
#include "scaling/capacity.h"
#include "scaling/types.h"

#include <functional>
#include <string>
#include <vector>

namespace gust::scaling {

class Registry {
 public:
  // Of an account; per target (the public service's quotas).
  static constexpr std::size_t kMaxTargets = 500, kMaxPolicies = 50, kMaxActions = 200;
  static constexpr std::size_t kMaxTags = 50;

  Registry(kv::Store& store, env::Clock& clock, env::Random& random, Capacity& capacity, ActivityLog& log)
      : store_(store), clock_(clock), random_(random), capacity_(capacity), log_(log) {}

  // What to list, in the order of keys after `after`, which a Page gave.
  struct Query {
    AccountId account;
    std::vector<std::string> resources, names;  // empty: all
    std::string after;
    std::size_t limit = 50;
  };

  // Makes or changes one. A number outside the bounds gets an activity that brings it in; Scaler::settle() does it.
  // kInvalid when there is no such resource, or a bound is missing, or they are the wrong way round.
  async::Task<Target> put_target(Resource resource, TargetChange change);
  async::Task<void> remove_target(Resource resource);  // with its actions and policies; kNotFound "target"
  async::Task<Page<Target>> targets(Query query);

  async::Task<Target> target_by_id(AccountId account, std::string id);  // kNotFound "arn"
  using Tags = std::map<std::string, std::string>;
  async::Task<void> retag(AccountId account, std::string id, std::function<void(Tags&)> change);

  // kNotFound "target"; kInvalid "schedule" or "timezone", also of one that is never due again.
  async::Task<ScheduledAction> put_action(Resource resource, std::string name, ScheduledActionChange change);
  async::Task<void> remove_action(Resource resource, std::string name);  // kNotFound "action"
  async::Task<Page<ScheduledAction>> actions(Query query);

  // What is not a setting of `policy` is kept from before, or set here.
  async::Task<Policy> put_policy(Policy policy);
  async::Task<void> remove_policy(Resource resource, std::string name);  // kNotFound "policy"
  async::Task<Page<Policy>> policies(Query query);

  async::Task<Page<Activity>> activities(Query query);  // the newest first

 private:
  Result<Target> changed_target(kv::Transaction& tx, const Resource& resource, const TargetChange& change);
  Result<ScheduledAction> changed_action(kv::Transaction& tx, const Resource& resource, const std::string& name,
                                         const ScheduledActionChange& change);

  kv::Store& store_;
  env::Clock& clock_;
  env::Random& random_;
  Capacity& capacity_;
  ActivityLog& log_;
};

// kInvalid "target".
Result<void> check_bounds(std::uint32_t min, std::uint32_t max);
Result<void> check_tags(const Registry::Tags& tags);  // kTooLarge "tags", kInvalid "tags"

}  // namespace gust::scaling
