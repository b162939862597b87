// A day of made-up invocations of many functions, after the distributions of Shahrad et al., "Serverless in the Wild",
// USENIX ATC 2020, section 3; docs/benchmarks.md says which. The same seed makes the same day.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <vector>

namespace gust::bench {

enum class Kind { kTimer, kPeriodic, kPoisson, kBursty };

struct TraceFunction {
  Kind kind = Kind::kPoisson;
  std::uint32_t memory_mb = 128;
  std::vector<Millis> arrivals;  // since the start of the trace, in order
};

// Function `index` of the trace with this seed, over `days`.
TraceFunction make_function(std::uint64_t seed, std::size_t index, int days);

}  // namespace gust::bench
