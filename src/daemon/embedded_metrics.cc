#include "daemon/embedded_metrics.h"

#include "base/log.h"
#include "metrics/embedded.h"

namespace gust::daemon {
namespace {

constexpr std::int64_t kTellEvery_ms = 60'000;

}  // namespace

void EmbeddedMetrics::take(const logs::GroupKey& group, const logs::Event& event) {
  if (!metrics::may_embed(event.message)) return;
  auto samples = metrics::read_embedded(group.account, event.message, from_epoch_ms(event.ingested_ms));
  if (samples) return store_.add(*std::move(samples));
  if (event.ingested_ms - told_ms_ < kTellEvery_ms) return;
  told_ms_ = event.ingested_ms;
  GUST_INFO("metrics: an event of {} is against the embedded metric format: {}", group.name, samples.error().message);
}

}  // namespace gust::daemon
