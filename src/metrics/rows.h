// The rows of metric data (docs/formats/metrics.md): four levels of pieces of time, each with how long it is kept. Any
// thread.
#pragma once

#include "metrics/metric.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gust::metrics::rows {

// As the service keeps them: a second for 3 hours, a minute for 15 days, 5 minutes for 63 days, an hour for 455 days.
// Rows of a level lie by partitions of time, so that what is too old lies together.
struct Level {
  char name;
  std::int64_t step_s, partition_s, kept_s;
};
inline constexpr std::int64_t kHour = 3600, kDay = 86400;
inline constexpr std::array<Level, 4> kLevels = {{
    {'0', 1, kHour, 3 * kHour},
    {'1', 60, kDay, 15 * kDay},
    {'2', 300, 4 * kDay, 63 * kDay},
    {'3', 3600, 30 * kDay, 455 * kDay},
}};

inline constexpr std::string_view kData = "metrics/data/", kMetrics = "metrics/metric/";

// A piece of time of a metric in one unit.
struct Piece {
  std::uint64_t metric = 0;
  std::int64_t start_s = 0;  // a multiple of the level's step, not negative
  Unit unit = kNoUnit;
};
std::string data_key(const Level& level, const Piece& piece);
std::string level_prefix(const Level& level);
std::string partition_prefix(const Level& level, std::int64_t partition, std::uint64_t metric);
// Nothing of a key that is none of the level.
std::optional<Piece> parse_data_key(const Level& level, std::string_view key);
std::int64_t partition_of(const Level& level, std::int64_t start_s);
// Of the key of any row of the level: the end of its partition.
std::optional<std::int64_t> partition_end(const Level& level, std::string_view key);

std::string metric_key(std::uint64_t id);
struct MetricRow {
  MetricKey metric;
  std::int64_t last_ms = 0;  // of its latest value, within an hour
};
std::string encode(const MetricRow& row);
Result<MetricRow> decode_metric(std::string_view text);  // kCorrupt
std::optional<std::uint64_t> metric_id(std::string_view key);

}  // namespace gust::metrics::rows
