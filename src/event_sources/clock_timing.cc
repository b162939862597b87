#include "event_sources/clock_timing.h"

namespace gust::event_sources {

async::Task<void> ClockTiming::wait(async::Event& event, WallTime until) {
  const auto deadline =
      until == kNever ? SteadyTime::max() : std::chrono::steady_clock::now() + (until - clock_.now());
  const auto done = co_await event.wait(deadline);
  if (!done && done.error().code == Code::kTimeout) co_return Result<void>{};
  co_return done;
}

}  // namespace gust::event_sources
