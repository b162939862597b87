// How a version of a function logs (LoggingConfig): as text, or as JSON, of which what is below a level is not kept.
// Any thread. Source: "Configuring advanced logging controls for Lambda functions" of the guide.
#pragma once

#include "base/time.h"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gust::functions {

enum class LogFormat : std::uint8_t { kText, kJson };
enum class LogLevel : std::uint8_t { kTrace, kDebug, kInfo, kWarn, kError, kFatal };

struct Logging {
  LogFormat format = LogFormat::kText;
  LogLevel application = LogLevel::kInfo, system = LogLevel::kInfo;  // of kJson
  std::string group = {};                                            // empty: /aws/lambda/NAME
  bool operator==(const Logging&) const = default;
};

// As the API has them: Text, JSON; TRACE, DEBUG, ...
std::string_view name_of(LogFormat format);
std::string_view name_of(LogLevel level);
std::optional<LogFormat> log_format_of(std::string_view name);
// Of any case; WARNING and CRITICAL too, which Python says.
std::optional<LogLevel> log_level_of(std::string_view name);

// The level of a line that a function printed: a JSON object's own; INFO where it has none, or no timestamp by RFC
// 3339. None: it is no JSON object, has no level and is kept whatever is asked for.
std::optional<LogLevel> level_of_line(std::string_view line);
// Whether a function that logs like this keeps a line that it printed.
bool keeps_line(const Logging& logging, std::string_view line);

// The level of an event of the platform ("platform.start" and so on), and the event as a line.
LogLevel level_of_event(std::string_view type, const boost::json::object& record);
std::string event_line(std::string_view type, const boost::json::object& record, WallTime at);
// A line of Gust's own about a function.
std::string notice_line(const Logging& logging, std::string text, WallTime at);

}  // namespace gust::functions
