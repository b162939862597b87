// Clock: wall and steady time as a parameter, so that tests and simulations set it. Any thread.
#pragma once

#include "base/time.h"

#include <mutex>

namespace gust::env {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime now() const = 0;
  virtual SteadyTime steady() const = 0;
};

class SystemClock final : public Clock {
 public:
  WallTime now() const override;
  SteadyTime steady() const override;
};

// Stands still until advanced.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(WallTime start = from_epoch_ms(1'700'000'000'000)) : start_(start) {}
  WallTime now() const override;
  SteadyTime steady() const override;
  void advance(Millis by);

 private:
  mutable std::mutex mutex_;
  WallTime start_;
  Millis elapsed_{0};
};

}  // namespace gust::env
