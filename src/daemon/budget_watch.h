// BudgetWatch: adds up what accounts with a budget have spent, once a minute, and tells a function when it is passed.
// Loop thread only.
#pragma once

#include "async/task_group.h"
#include "env/clock.h"
#include "env/random.h"
#include "functions/async_invoker.h"
#include "functions/registry.h"
#include "meter/budgets.h"
#include "meter/ledger.h"
#include "meter/use_ledger.h"

namespace gust::daemon {

class BudgetWatch {
 public:
  struct Parts {
    meter::Budgets& budgets;
    meter::Ledger& ledger;
    meter::UseLedger& uses;
    functions::AsyncInvoker& invoker;
    env::Clock& clock;
    env::Random& random;
  };
  BudgetWatch(async::Executor executor, Parts parts, Millis period)
      : parts_(parts), period_(period), tasks_(executor, "budgets") {}

  void start() { tasks_.spawn(run()); }
  async::Task<void> stop() { return tasks_.stop(); }

  // In the period of the budget that now is, by its prices.
  async::Task<meter::Atto> spent(meter::Budget budget);
  // Tells those who are to hear of it, once in a period.
  async::Task<void> look();

 private:
  async::Task<void> run();
  async::Task<void> look_at(meter::Budget budget);

  Parts parts_;
  Millis period_;
  async::TaskGroup tasks_;
};

// What functions used, as it is priced.
meter::Quantities quantities_of(const meter::Sum& sum);

}  // namespace gust::daemon
