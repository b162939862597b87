// Of Cloud: CloudWatch's metrics and alarms.
#include "daemon/cloud.h"
#include "daemon/environment.h"

#include <cstdlib>

namespace gust::daemon {

async::Task<void> Cloud::open_metrics() {
  // Of metrics and alarms only, for tests of what takes hours.
  if (const char* file = std::getenv("GUST_METRICS_CLOCK_FILE"); file != nullptr)
    metrics_clock_ = std::make_unique<env::ShiftedClock>(clock_, file);
  env::Clock& clock = metrics_clock_ ? static_cast<env::Clock&>(*metrics_clock_) : clock_;
  metric_store_ = std::make_unique<metrics::MetricStore>(executor_, *store_, clock, metrics::MetricStore::Limits{});
  GUST_CO_CHECK(co_await metric_store_->open());
  // GUST_METRICS_TIDY_PERIOD_MS: how often what is too old is dropped; else once an hour.
  metric_store_->start(period_of("GUST_METRICS_TIDY_PERIOD_MS", 50, 86'400'000).value_or(std::chrono::hours(1)));
  embedded_metrics_ = std::make_unique<EmbeddedMetrics>(*metric_store_);
  ledger_ = std::make_unique<meter::Ledger>(executor_, clock_, settings_.data + "/meter");
  // GUST_METRICS_PERIOD_MS: how often the platform's own metrics are written; else at the begin of each minute.
  service_metrics_ = std::make_unique<ServiceMetrics>(executor_, *ledger_, *metric_store_, clock,
                                                      period_of("GUST_METRICS_PERIOD_MS", 50, 60'000));
  co_return Result<void>{};
}

void Cloud::open_alarms() {
  env::Clock& clock = metrics_clock_ ? static_cast<env::Clock&>(*metrics_clock_) : clock_;
  alarm_functions_ = std::make_unique<AlarmFunctions>(*registry_, *async_invoker_, random_);
  alarms_ = std::make_unique<metrics::Alarms>(*store_, clock, *alarm_functions_);
  // GUST_ALARM_PERIOD_MS: how often alarms are looked at; else every 10 s.
  const auto period = period_of("GUST_ALARM_PERIOD_MS", 50, 60'000).value_or(std::chrono::seconds(10));
  alarm_watch_ = std::make_unique<metrics::AlarmWatch>(executor_, *alarms_, *metric_store_, clock, period);
  cloudwatch_ =
      std::make_unique<api::CloudWatchService>(api::CloudWatchService::Parts{*metric_store_, *alarms_, clock});
}

}  // namespace gust::daemon
