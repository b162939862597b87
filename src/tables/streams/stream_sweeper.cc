#include "tables/streams/stream_sweeper.h"

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
  // What is wrong with one stream is no reason to leave the others.
  Result<void> first;
  for (const auto& stream : all) {
    const auto done = co_await trim(stream);
    if (!done && done.error().code == Code::kCancelled) co_return done;
    if (!done && first) first = done;
  }
  co_return first;
}

async::Task<void> StreamSweeper::trim(Stream stream) {
  auto name = stream.name();
  if (!streams_.is_over(stream)) co_return co_await items_.trim(std::move(name));
  GUST_CO_CHECK(co_await items_.drop_stream(std::move(name)));
  co_return co_await streams_.forget(std::move(stream));
}

}  // namespace gust::tables
