#include "cli/age.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::cli {

Result<Millis> parse_age(std::string_view option, std::string_view text) {
  std::int64_t value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const std::int64_t scale = unit == "s"   ? 1000
                             : unit == "m" ? 60'000
                             : unit == "h" ? 3'600'000
                             : unit == "d" ? 86'400'000
                                           : 0;
  if (problem != std::errc() || scale == 0 || value < 0 || value > 100'000) {
    return fail(Code::kInvalid, fmt::format("{} {}: expected a number and s, m, h or d, as in 15m", option, text),
                "usage");
  }
  return Millis(value * scale);
}

}  // namespace gust::cli
