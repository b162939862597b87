#include "metrics/units.h"

#include <algorithm>
#include <array>

namespace gust::metrics {
namespace {

// Rows hold the places: names are only added at the end.
constexpr std::array<std::string_view, 27> kNames = {
    "None",           "Seconds",          "Microseconds",     "Milliseconds",    "Bytes",
    "Kilobytes",      "Megabytes",        "Gigabytes",        "Terabytes",       "Bits",
    "Kilobits",       "Megabits",         "Gigabits",         "Terabits",        "Percent",
    "Count",          "Bytes/Second",     "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second",
    "Terabytes/Second", "Bits/Second",    "Kilobits/Second",  "Megabits/Second", "Gigabits/Second",
    "Terabits/Second", "Count/Second"};

}  // namespace

std::string_view unit_name(Unit unit) { return unit < kNames.size() ? kNames[unit] : kNames[kNoUnit]; }

std::optional<Unit> parse_unit(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return static_cast<Unit>(found - kNames.begin());
}

}  // namespace gust::metrics
