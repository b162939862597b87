#include "tables/backups/recovery_sweeper.h"

#include "base/log.h"

namespace gust::tables {

async::Task<void> RecoverySweeper::run() {
  for (;;) {
    if (const auto done = co_await sweep(); !done) {
      if (done.error().code == Code::kCancelled) co_return done;
      GUST_WARN("tables: trimming histories: {}", done.error().message);
    }
    GUST_CO_CHECK(co_await async::sleep_for(period_));
  }
}

async::Task<void> RecoverySweeper::sweep() {
  const auto trimmed = co_await restores_.trim();
  if (!trimmed && trimmed.error().code == Code::kCancelled) co_return trimmed;
  GUST_CO_CHECK(co_await backups_.expire());
  co_return trimmed;
}

}  // namespace gust::tables
