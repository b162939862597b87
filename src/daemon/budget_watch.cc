#include "daemon/budget_watch.h"

#include "base/log.h"
#include "codec/json.h"
#include "codec/time_format.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

namespace gust::daemon {

meter::Quantities quantities_of(const meter::Sum& sum) {
  meter::Quantities out;
  out.invocations = sum.invocations;
  out.billed_ms = sum.billed_ms;
  out.mb_ms = sum.mb_ms;
  out.tmp_mb_ms = sum.tmp_mb_ms;
  return out;
}

async::Task<void> BudgetWatch::run() {
  for (;;) {
    GUST_CO_CHECK(co_await async::sleep_for(period_));
    const auto done = co_await look();
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done) GUST_WARN("budgets: {}; looking again", done.error().message);
  }
}

async::Task<void> BudgetWatch::look() {
  GUST_CO_TRY(const auto budgets, co_await parts_.budgets.all());
  for (const auto& budget : budgets) GUST_CO_CHECK(co_await look_at(budget));
  co_return Result<void>{};
}

async::Task<meter::Atto> BudgetWatch::spent(meter::Budget budget) {
  const auto period = meter::period_of(budget.per, parts_.clock.now());
  GUST_CO_TRY(const auto prices, meter::parse_prices(budget.prices, "of the budget"));
  GUST_CO_TRY(const auto usage,
              co_await parts_.ledger.usage(budget.account, period.first_day, period.last_day));
  GUST_CO_TRY(const auto uses, co_await parts_.uses.usage(budget.account, period.first_day, period.last_day));
  meter::Quantities all;
  for (const auto& sum : usage.sums) all += quantities_of(sum);
  for (const auto& sum : uses) all += meter::quantities_of(sum.thing.service, sum.use);
  co_return meter::cost_of(all, prices);
}

async::Task<void> BudgetWatch::look_at(meter::Budget budget) {
  const auto period = meter::period_of(budget.per, parts_.clock.now()).name;
  if (budget.passed == period) co_return Result<void>{};
  GUST_CO_TRY(const auto amount, meter::parse_decimal(budget.amount));
  GUST_CO_TRY(const auto cost, co_await spent(budget));
  if (cost < amount) co_return Result<void>{};
  const auto text = meter::decimal(cost);
  GUST_WARN("budgets: account {} has spent {} of {} in {}", budget.account, text, budget.amount, period);
  functions::AsyncEvent event;
  event.id = parts_.random.uuid();
  const auto ref = functions::parse_function_name(budget.notify, "", budget.account);
  if (ref) event.function = *ref;
  event.payload = codec::to_json(boost::json::object{{"source", "gust.budget"},
                                                     {"account", budget.account.str()},
                                                     {"period", period},
                                                     {"amount", budget.amount},
                                                     {"spent", text},
                                                     {"time", codec::to_iso8601_ms(parts_.clock.now())}});
  const bool tells = !budget.notify.empty() && ref;
  std::function<Result<void>(kv::Transaction&)> tell = [this, event, tells](kv::Transaction& tx) -> Result<void> {
    return tells ? parts_.invoker.enqueue(tx, event) : Result<void>{};
  };
  GUST_CO_CHECK(co_await parts_.budgets.pass(budget.account, period, std::move(tell)));
  parts_.invoker.notify();
  co_return Result<void>{};
}

}  // namespace gust::daemon
