#include "functions/logging.h"

#include "codec/json.h"
#include "codec/plain_json.h"
#include "codec/time_format.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace gust::functions {
namespace {

namespace json = boost::json;

constexpr std::array<std::string_view, 2> kFormats = {"Text", "JSON"};
constexpr std::array<std::string_view, 6> kLevels = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
// As runtimes and their logging libraries name it.
constexpr std::array<const char*, 4> kTimestamps = {"timestamp", "time", "@timestamp", "Timestamp"};

std::string_view text_of(const json::object& of, std::string_view name) {
  const auto* value = of.if_contains(name);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

bool has_time(const json::object& line) {
  return std::ranges::any_of(kTimestamps, [&](const char* name) {
    const auto text = text_of(line, name);
    return text.contains('-') && codec::from_iso8601(text).has_value();
  });
}

}  // namespace

std::string_view name_of(LogFormat format) { return kFormats[static_cast<std::size_t>(format)]; }
std::string_view name_of(LogLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::optional<LogFormat> log_format_of(std::string_view name) {
  const auto found = std::ranges::find(kFormats, name);
  if (found == kFormats.end()) return std::nullopt;
  return static_cast<LogFormat>(found - kFormats.begin());
}

std::optional<LogLevel> log_level_of(std::string_view name) {
  std::string upper(name.substr(0, 16));
  std::ranges::transform(upper, upper.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (upper == "WARNING") return LogLevel::kWarn;
  if (upper == "CRITICAL") return LogLevel::kFatal;
  const auto found = std::ranges::find(kLevels, upper);
  if (found == kLevels.end()) return std::nullopt;
  return static_cast<LogLevel>(found - kLevels.begin());
}

std::optional<LogLevel> level_of_line(std::string_view line) {
  const auto begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos || line[begin] != '{') return std::nullopt;
  codec::JsonArena arena;
  const auto document = codec::parse_json(line, 64, arena.storage());
  if (!document || !document->is_object()) return std::nullopt;
  const auto& object = document->get_object();
  const auto level = log_level_of(text_of(object, "level"));
  return level && has_time(object) ? *level : LogLevel::kInfo;
}

bool keeps_line(const Logging& logging, std::string_view line) {
  if (logging.format == LogFormat::kText || logging.application == LogLevel::kTrace) return true;
  const auto level = level_of_line(line);
  return !level || *level >= logging.application;
}

// Source: the table "System log level event mapping" of the guide.
LogLevel level_of_event(std::string_view type, const json::object& record) {
  const auto status = text_of(record, "status");
  if (type == "platform.logsDropped" || (!status.empty() && status != "success")) return LogLevel::kWarn;
  if (type == "platform.extension" && text_of(record, "state") != "Ready") return LogLevel::kWarn;
  if (type == "platform.initStart" || type == "platform.restoreStart")
    return record.contains("runtimeVersion") ? LogLevel::kInfo : LogLevel::kDebug;
  if (type.ends_with("untimeDone")) return LogLevel::kDebug;
  if (type == "platform.initReport" && text_of(record, "initializationType") == "on-demand") return LogLevel::kDebug;
  return LogLevel::kInfo;
}

std::string event_line(std::string_view type, const json::object& record, WallTime at) {
  return codec::to_plain_json(json::object{{"time", codec::to_iso8601_ms(at)}, {"type", type}, {"record", record}});
}

std::string notice_line(const Logging& logging, std::string text, WallTime at) {
  if (logging.format == LogFormat::kText) return text;
  return codec::to_json(json::object{{"timestamp", codec::to_iso8601_ms(at)}, {"level", "WARN"}, {"message", text}});
}

}  // namespace gust::functions
