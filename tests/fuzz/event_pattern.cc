// Any text as a pattern, matched with the JSON behind a zero byte; and a wildcard, matched with any text.
#include "events/pattern.h"
#include "fuzz/fuzz.h"

#include <algorithm>

namespace events = gust::events;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = as_text(data, size);
  const auto zero = std::min(input.find('\0'), input.size());
  const auto text = input.substr(0, zero), rest = input.substr(std::min(zero + 1, input.size()));
  if (text.find_first_of("*\\") == std::string_view::npos)
    GUST_ASSERT(events::wildcard_matches(text, rest) == (text == rest));
  GUST_ASSERT(events::wildcard_matches("*", rest));
  const auto pattern = events::Pattern::parse(text);
  if (!pattern) {
    GUST_ASSERT(pattern.error().source == "pattern" && !pattern.error().message.empty());
    return 0;
  }
  const auto event = gust::codec::parse_json(rest);
  if (event) (void)pattern->matches(*event);
  return 0;
}
