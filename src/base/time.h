// Points in time and durations. Wall time is milliseconds since 1970 UTC; deadlines are on the steady clock.
#pragma once

#include <chrono>

namespace gust {

using Millis = std::chrono::milliseconds;
using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

inline std::int64_t to_epoch_ms(WallTime t) { return t.time_since_epoch().count(); }
inline WallTime from_epoch_ms(std::int64_t ms) { return WallTime(Millis(ms)); }

}  // namespace gust
