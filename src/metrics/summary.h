// Summary: what is kept of the values of a metric in a piece of time: their number, sum, least and greatest, and their
// distribution. Summaries of the same metric add up. One thread at a time.
#pragma once

#include "base/result.h"
#include "metrics/distribution.h"

#include <string>
#include <string_view>

namespace gust::metrics {

struct Summary {
  double count = 0, sum = 0, min = 0, max = 0;
  Distribution values;
  // Whether all values are in the distribution: statistic sets of different values are not.
  enum class Known { kAll, kNotAll } known = Known::kAll;

  void add(double value, double times = 1);
  // Of `times` values of which only this is known.
  void add_set(double times, double total, double least, double greatest);
  void merge(const Summary& other);
};

// docs/formats/metrics.md. kCorrupt.
std::string encode(const Summary& summary);
Result<Summary> decode_summary(std::string_view bytes);

}  // namespace gust::metrics
