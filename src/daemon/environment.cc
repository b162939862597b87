#include "daemon/environment.h"

#include "base/log.h"

#include <charconv>
#include <cstdlib>
#include <string_view>

namespace gust::daemon {

std::optional<std::int64_t> number_of(const char* name, std::int64_t least, std::int64_t most) {
  const char* given = std::getenv(name);
  if (given == nullptr) return std::nullopt;
  const std::string_view text = given;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= least && number <= most) return number;
  GUST_WARN("{} '{}': expected {} to {}; it is not used", name, text, least, most);
  return std::nullopt;
}

std::optional<Millis> period_of(const char* name, std::int64_t least, std::int64_t most) {
  const auto ms = number_of(name, least, most);
  return ms ? std::optional(Millis(*ms)) : std::nullopt;
}

}  // namespace gust::daemon
