#include "queue/retry_policy.h"

#include <algorithm>

namespace gust::queue {

std::optional<Millis> next_delay(const RetrySettings& settings, FailureClass failure, std::uint32_t failures,
                                 std::uint32_t machine_failures, Millis age) {
  Millis delay{0};
  if (failure == FailureClass::kOfTheWork) {
    if (failures > settings.max_retries) return std::nullopt;
    delay = failures <= 1 ? settings.first_delay : settings.second_delay;
  } else {
    // 1 s doubling to 5 minutes, as the service does for throttled events.
    const auto doublings = std::min(machine_failures == 0 ? 0 : machine_failures - 1, 9U);
    delay = std::min<Millis>(std::chrono::seconds(1LL << doublings), std::chrono::minutes(5));
  }
  if (age + delay > settings.max_age) return std::nullopt;
  return delay;
}

}  // namespace gust::queue
