// Numbers of the daemon's environment. Any thread.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <optional>

namespace gust::daemon {

// What the variable `name` gives; nothing when it is not set, or is not between these, which the log says.
std::optional<std::int64_t> number_of(const char* name, std::int64_t least, std::int64_t most);
// The same in milliseconds.
std::optional<Millis> period_of(const char* name, std::int64_t least, std::int64_t most);

}  // namespace gust::daemon
