// Capacity units as the service counts them. Any thread. Source: "Read and write request units", DynamoDB developer
// guide.
#pragma once

#include <algorithm>
#include <cstddef>

namespace gust::tables {

enum class Consistency { kEventual, kStrong };

inline constexpr double kTransactional = 2;  // what operations of transactions count times

// One for each 4 KB, half of it when eventually consistent; 1 KB for writes. Nothing counts as one byte.
inline double read_units(std::size_t bytes, Consistency consistency) {
  const auto units = static_cast<double>((std::max<std::size_t>(bytes, 1) + 4095) / 4096);
  return consistency == Consistency::kStrong ? units : units / 2;
}
inline double write_units(std::size_t bytes) {
  return static_cast<double>((std::max<std::size_t>(bytes, 1) + 1023) / 1024);
}

}  // namespace gust::tables
