// What a metric is called, and values of one. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"
#include "metrics/summary.h"
#include "metrics/units.h"

#include <compare>
#include <map>
#include <string>

namespace gust::metrics {

using Dimensions = std::map<std::string, std::string>;

inline constexpr std::size_t kMaxDimensions = 30;

struct MetricKey {
  AccountId account;
  std::string name_space, name;
  Dimensions dimensions;

  auto operator<=>(const MetricKey&) const = default;
};

enum class Resolution { kMinute, kSecond };

// Values of one metric at one time.
struct Sample {
  MetricKey metric;
  Unit unit = kNoUnit;
  WallTime at{};
  Resolution resolution = Resolution::kMinute;
  Summary summary;
};

}  // namespace gust::metrics
