// When a failed message is tried again: a pure function. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <optional>

namespace gust::queue {

// What went wrong with an attempt. The worker's own failures (throttled, no capacity, no sandbox) cost no attempt of
// the message: they are tried again, with back-off, for as long as its age allows.
enum class FailureClass { kOfTheWork, kOfTheMachine };

struct RetrySettings {
  std::uint32_t max_retries = 2;  // 0-2
  Millis max_age = std::chrono::hours(6);
  Millis first_delay = std::chrono::minutes(1);
  Millis second_delay = std::chrono::minutes(2);
};

// How long to wait before the next attempt; nothing when the message is to be given up. `failures` counts the failures
// of the work so far, this one included; `machine_failures` those of the machine.
std::optional<Millis> next_delay(const RetrySettings& settings, FailureClass failure, std::uint32_t failures,
                                 std::uint32_t machine_failures, Millis age);

}  // namespace gust::queue
