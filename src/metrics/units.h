// The units of metrics, each with the number that rows have for it. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace gust::metrics {

using Unit = std::uint8_t;

inline constexpr Unit kNoUnit = 0;  // "None"

std::string_view unit_name(Unit unit);  // "None" of a number that is none's
std::optional<Unit> parse_unit(std::string_view name);

}  // namespace gust::metrics
