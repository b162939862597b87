// ClockTiming: Timing by a clock and the loop's timers. Loop thread only.
#pragma once

#include "env/clock.h"
#include "event_sources/source.h"

namespace gust::event_sources {

class ClockTiming final : public Timing {
 public:
  explicit ClockTiming(env::Clock& clock) : clock_(clock) {}
  WallTime now() const override { return clock_.now(); }
  async::Task<void> wait(async::Event& event, WallTime until) override;

 private:
  env::Clock& clock_;
};

}  // namespace gust::event_sources
