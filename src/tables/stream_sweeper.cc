#include "tables/stream_sweeper.h"

#include "base/log.h"

namespace gust::tables {

async::Task<void> StreamSweeper::run() {
  for (;;) {
    if (const auto done = co_await sweep(); !done) {
      if (done.error().code == Code::kCancelled) co_return done;
      GUST_WARN("tables: trimming streams: {}", done.error().message);
    }
    GUST_CO_CHECK(co_await async::sleep_for(period_));
  }
}

async::Task<void> StreamSweeper::sweep() {
  GUST_CO_TRY(const auto all, co_await streams_.all());
  for (const auto& stream : all) GUST_CO_CHECK(co_await trim(stream));
  co_return Result<void>();
}

async::Task<void> StreamSweeper::trim(Stream stream) {
  auto name = stream.name();
  if (!streams_.is_over(stream)) co_return co_await items_.trim(std::move(name));
  GUST_CO_CHECK(co_await items_.drop_stream(std::move(name)));
  co_return co_await streams_.forget(std::move(stream));
}

}  // namespace gust::tables
