// Capacity units as the service counts them. Any thread. Source: "Read and write request units", DynamoDB developer
// guide.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

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

enum class Units { kRead, kWrite };

// A table or global index that has none of its units left (tables/capacity.h).
struct Exceeded {
  enum class Limit { kProvisioned, kOnDemand };
  Units units = Units::kRead;
  Limit limit = Limit::kProvisioned;
  std::string index = {};  // empty: the table itself
};

// The service's words for it.
inline std::string_view words(const Exceeded& exceeded) {
  if (exceeded.limit == Exceeded::Limit::kOnDemand)
    return "Throughput exceeds the maximum OnDemandThroughput configured on table or index";
  if (!exceeded.index.empty()) {
    return "The level of configured provisioned throughput for one or more global secondary indexes of the table was "
           "exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes "
           "with the UpdateTable API";
  }
  return "The level of configured provisioned throughput for the table was exceeded. Consider increasing your "
         "provisioning level with the UpdateTable API.";
}
// Its code among the reasons of a transaction that was cancelled.
inline std::string_view reason_code(const Exceeded& exceeded) {
  return exceeded.limit == Exceeded::Limit::kOnDemand ? "ThrottlingError" : "ProvisionedThroughputExceeded";
}

}  // namespace gust::tables
