// Alarms: the alarms of all accounts and what became of them, in rows of the store (docs/formats/metrics.md). Changes
// of state and what they set off are one transaction. Loop thread only.
#pragma once

#include "env/clock.h"
#include "kv/store.h"
#include "metrics/alarm.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gust::metrics {

// Who is told of a new state. The daemon's.
class AlarmActions {
 public:
  virtual ~AlarmActions() = default;
  // Whether an alarm may have this action. kInvalid "action" says what may be.
  virtual Result<void> check(const AccountId& account, const std::string& arn) = 0;
  // Whether it can be done now. What is not allowed or not there is told in the alarm's history.
  virtual async::Task<void> allowed(AccountId account, std::string arn, std::string alarm_arn) = 0;
  // Inside a transaction, on a pool thread; done() after its commit.
  virtual Result<void> enqueue(kv::Transaction& tx, const AccountId& account, const std::string& arn,
                               const std::string& payload) = 0;
  virtual void done() = 0;
};

struct HistoryQuery {
  AccountId account;
  std::optional<std::string> alarm;
  std::optional<HistoryItem::Kind> kind;
  std::optional<WallTime> since, until;  // until is not in it
  kv::Order order = kv::Order::kBackward;
  std::string after;  // the place of the last that was given
  std::size_t limit = 100;
};
struct HistoryPage {
  std::vector<HistoryItem> items;
  std::string more_after;  // empty: there are no more
};

class Alarms {
 public:
  static constexpr std::size_t kMaxOfAccount = 5000, kMaxTags = 50;
  static constexpr std::chrono::hours kHistoryKept{30 * 24};

  // All outlive this.
  Alarms(kv::Store& store, env::Clock& clock, AlarmActions& actions)
      : store_(store), clock_(clock), actions_(actions) {}

  // Makes it, or gives the one of its name these settings; that keeps its state and its tags. kTooLarge "limit"; what
  // the check of an action answers.
  async::Task<void> put(Alarm alarm);
  // In the order of their names, behind `after`.
  async::Task<std::vector<Alarm>> list(AccountId account, std::string name_prefix, std::string after,
                                       std::size_t limit);
  async::Task<std::vector<Alarm>> all();
  async::Task<std::optional<Alarm>> get(AccountId account, std::string name);
  // All or, when one is not there, none: kNotFound "alarm".
  async::Task<void> remove(AccountId account, std::vector<std::string> names);
  // Of those that there are.
  async::Task<void> switch_actions(AccountId account, std::vector<std::string> names, Alarm::Actions actions);
  // Sets a state, and tells whom it concerns when it is another than before. kNotFound "alarm".
  struct NewState {
    Alarm::State state{};
    std::string reason, reason_data;
  };
  async::Task<void> set_state(AccountId account, std::string name, NewState to);
  // kNotFound "alarm"; kTooLarge "tags".
  async::Task<void> change_tags(AccountId account, std::string name, Dimensions added,
                                std::vector<std::string> removed);

  async::Task<HistoryPage> history(HistoryQuery query);
  // Drops what is older than kHistoryKept.
  async::Task<void> tidy();

 private:
  using Change = std::function<Result<void>(kv::Transaction&, Alarm&)>;
  // Of the row, which is there. kNotFound "alarm".
  async::Task<void> change(AccountId account, std::string name, Change change);

  kv::Store& store_;
  env::Clock& clock_;
  AlarmActions& actions_;
};

// What an action is told: the event of the public service.
std::string action_payload(const Alarm& before, const Alarm& after, WallTime now);

}  // namespace gust::metrics
