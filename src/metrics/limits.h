// What a sample may be: the limits of PutMetricData, which embedded metrics have, too. Any thread.
#pragma once

#include "metrics/metric.h"

#include <cmath>
#include <string_view>

namespace gust::metrics {

inline constexpr std::size_t kMaxName = 255, kMaxDimensionName = 255, kMaxDimensionValue = 1024;
inline constexpr std::chrono::hours kMaxAge{14 * 24}, kMaxAhead{2};
inline const double kMaxValue = std::ldexp(1, 360);

inline bool is_value(double value) { return std::isfinite(value) && std::abs(value) <= kMaxValue; }
inline bool is_time(WallTime time, WallTime now) { return time >= now - kMaxAge && time <= now + kMaxAhead; }

}  // namespace gust::metrics
