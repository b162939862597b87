// The log: one line a record to a sink (stderr unless set). Any thread. Request and event ids go in as fields.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>

namespace gust::log {

enum class Level { kDebug, kInfo, kWarn, kError };

using Sink = std::function<void(Level, std::string_view)>;

void set_level(Level level);
Level level();
// Replaces where lines go; called under a lock, so it must not log.
void set_sink(Sink sink);
void write(Level level, std::string_view line);

}  // namespace gust::log

#define GUST_LOG_AT(lvl, ...)                                                               \
  do {                                                                                      \
    if (::gust::log::level() <= lvl) ::gust::log::write(lvl, fmt::format(__VA_ARGS__));     \
  } while (false)
#define GUST_DEBUG(...) GUST_LOG_AT(::gust::log::Level::kDebug, __VA_ARGS__)
#define GUST_INFO(...) GUST_LOG_AT(::gust::log::Level::kInfo, __VA_ARGS__)
#define GUST_WARN(...) GUST_LOG_AT(::gust::log::Level::kWarn, __VA_ARGS__)
#define GUST_ERROR(...) GUST_LOG_AT(::gust::log::Level::kError, __VA_ARGS__)
