// Of Cloud: what keeps events for a replay, and what counts and prices.
#include "daemon/cloud.h"
#include "daemon/environment.h"
#include "functions/keeping_invoker.h"

namespace gust::daemon {

// GUST_EVENTS_MB and GUST_EVENTS_DAYS: how much of the events of invocations is kept; 0 MB turns it off.
void Cloud::keep_events() {
  functions::EventBounds bounds;
  if (const auto megabytes = number_of("GUST_EVENTS_MB", 0, 1'000'000))
    bounds.bytes = static_cast<std::uint64_t>(*megabytes) << 20;
  bounds.age = std::chrono::hours(24 * number_of("GUST_EVENTS_DAYS", 1, 3650).value_or(7));
  kept_events_ =
      std::make_unique<functions::KeptEvents>(executor_, clock_, settings_.data + "/kept-events", bounds);
  if (kept_events_->keeps())
    invoker_ = std::make_unique<functions::KeepingInvoker>(std::move(invoker_), *kept_events_, clock_);
}

void Cloud::open_bill() {
  constexpr auto kDay = std::int64_t{86'400'000};
  // GUST_STORAGE_PERIOD_MS and GUST_BUDGET_PERIOD_MS: how often what is stored, and what is spent, is looked at.
  const auto storage = period_of("GUST_STORAGE_PERIOD_MS", 50, kDay).value_or(std::chrono::hours(1));
  const auto spending = period_of("GUST_BUDGET_PERIOD_MS", 50, kDay).value_or(std::chrono::minutes(1));
  uses_ = std::make_unique<meter::UseLedger>(executor_, clock_, settings_.data + "/meter",
                                             owner_of(*objects_, *apis_));
  request_metrics_ = std::make_unique<RequestMetrics>(owner_of(*objects_, *apis_));
  service_metrics_->add(*request_metrics_);
  gateway_->on_answered([this](const gateway::Answered& request) { request_metrics_->answered(request); });
  use_counts_ = std::make_unique<UseCounts>(
      executor_,
      UseCounts::Parts{*uses_, *request_metrics_, *accounts_, *objects_, *catalog_, *table_sweeper_}, storage);
  dynamodb_->on_taken([this](const tables::Table& table, tables::Units units, double number) {
    use_counts_->taken(table, units, number);
  });
  front_->set_served([this](const Served& request) { use_counts_->served(request); });
  budgets_ = std::make_unique<meter::Budgets>(*store_);
  budget_watch_ = std::make_unique<BudgetWatch>(
      executor_, BudgetWatch::Parts{*budgets_, *ledger_, *uses_, *async_invoker_, clock_, random_}, spending);
  bill_admin_ = std::make_unique<BillAdmin>(BillAdmin::Parts{*ledger_, *uses_, *budgets_, *budget_watch_, *recent_,
                                                             *invoker_, *registry_, *objects_, *catalog_, clock_});
}

}  // namespace gust::daemon
