// Budgets: what an account means to spend at most in a month or a day, and whether it has; one for each account. Rows
// of the store (docs/formats/meter.md). Loop thread only.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "kv/store.h"
#include "meter/prices.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace gust::meter {

struct Budget {
  enum class Per { kMonth, kDay };
  AccountId account;
  std::string amount;  // a decimal number
  Per per = Per::kMonth;
  std::string notify;  // a function's name; empty: nobody
  std::string prices;  // as to_json() gives them
  std::string passed;  // the period in which it was passed last
};

// The month or day that a time is in, as 2026-11 or 2026-11-27, and its days as the ledger has them.
struct Period {
  std::string name, first_day, last_day;
};
Period period_of(Budget::Per per, WallTime time);

class Budgets {
 public:
  explicit Budgets(kv::Store& store) : store_(store) {}

  async::Task<std::optional<Budget>> get(AccountId account);
  // Over the one that there is. The period in which that was passed stays, unless the new one is larger.
  async::Task<void> set(Budget budget);
  async::Task<void> remove(AccountId account);
  async::Task<std::vector<Budget>> all();
  // Notes that it was passed in `period`; with `also` in the same transaction, unless that was noted before.
  async::Task<void> pass(AccountId account, std::string period, std::function<Result<void>(kv::Transaction&)> also);

 private:
  kv::Store& store_;
};

}  // namespace gust::meter
