// How long ago something was, as people write it. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string_view>

namespace gust::cli {

// 90s, 15m, 2h or 1d. kInvalid "usage" names the option.
Result<Millis> parse_age(std::string_view option, std::string_view text);

}  // namespace gust::cli
