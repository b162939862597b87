// LogBudget: how fast one instance's output is read, so that a flood of lines waits in its own pipe and takes no share
// of the loop that serves all functions. A token bucket in bytes. Loop thread only.
#pragma once

#include "base/time.h"

#include <algorithm>
#include <cstdint>

namespace gust::functions {

class LogBudget {
 public:
  static constexpr std::int64_t kBytesPerSecond = 8 << 20;  // and as much at once, after a pause
  static constexpr std::int64_t kLineCost = 400;            // what a line takes beside its bytes: 20,000 lines a second

  explicit LogBudget(SteadyTime now) : last_(now) {}

  // How long to wait before more is read; zero: read on.
  Millis wait(SteadyTime now) {
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - last_).count();
    last_ = now;
    left_ =
        std::min(kBytesPerSecond, left_ + std::clamp<std::int64_t>(passed, 0, 1'000'000) * kBytesPerSecond / 1'000'000);
    return Millis(left_ > 0 ? 0 : 1 - left_ * 1000 / kBytesPerSecond);
  }
  // Takes what was read; it may go below zero.
  void take(std::size_t bytes, std::size_t lines) {
    left_ -= static_cast<std::int64_t>(bytes) + static_cast<std::int64_t>(lines) * kLineCost;
  }

 private:
  std::int64_t left_ = kBytesPerSecond;
  SteadyTime last_;
};

}  // namespace gust::functions
