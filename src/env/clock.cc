#include "env/clock.h"

namespace gust::env {

WallTime SystemClock::now() const { return std::chrono::floor<Millis>(std::chrono::system_clock::now()); }
SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

WallTime FakeClock::now() const {
  std::lock_guard lock(mutex_);
  return start_ + elapsed_;
}

SteadyTime FakeClock::steady() const {
  std::lock_guard lock(mutex_);
  return SteadyTime(elapsed_);
}

void FakeClock::advance(Millis by) {
  std::lock_guard lock(mutex_);
  elapsed_ += by;
}

}  // namespace gust::env
