// ShiftedClock: another clock's time and the milliseconds that a file holds at the moment (none: no such file). For
// tests of what takes days. Any thread.
#pragma once

#include "env/clock.h"

#include <string>

namespace gust::env {

class ShiftedClock final : public Clock {
 public:
  ShiftedClock(const Clock& clock, std::string file) : clock_(clock), file_(std::move(file)) {}
  WallTime now() const override;
  SteadyTime steady() const override { return clock_.steady(); }

 private:
  const Clock& clock_;
  std::string file_;
};

}  // namespace gust::env
