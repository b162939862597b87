// Statistic: which number is made of a summary, and its name on the wire. Any thread.
#pragma once

#include "base/result.h"
#include "metrics/summary.h"

#include <optional>
#include <string>
#include <string_view>

namespace gust::metrics {

struct Statistic {
  enum class Kind { kSampleCount, kAverage, kSum, kMinimum, kMaximum, kPercentile, kTrimmedMean };
  Kind kind = Kind::kAverage;
  double at = 0;  // of a percentile or a trimmed mean: 0 to 100
  std::string name = "Average";

  bool operator==(const Statistic&) const = default;
  bool is_extended() const { return kind == Kind::kPercentile || kind == Kind::kTrimmedMean; }
};

// "Average" and its like, p0 to p100 and tm0 to tm100 with up to ten decimals. kInvalid "statistic"; of what the
// service has beside them kUnsupported.
Result<Statistic> parse_statistic(std::string_view name);

// Nothing where the values that it takes are not known.
std::optional<double> value_of(const Statistic& statistic, const Summary& summary);

}  // namespace gust::metrics
