#include "cli/log_text.h"

#include "codec/json.h"
#include "codec/plain_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::string text_of(const json::object& of, std::string_view name) {
  const auto* value = of.if_contains(name);
  if (value == nullptr) return {};
  return value->is_string() ? std::string(value->get_string()) : codec::to_plain_json(*value);
}

bool has_text(const json::object& of, std::string_view name) {
  const auto* value = of.if_contains(name);
  return value != nullptr && value->is_string();
}

// Platform's own lines step back, failures stand out.
Colour colour_of(std::string_view message) {
  constexpr std::string_view kPlatform[] = {"START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START"};
  for (const auto prefix : kPlatform) {
    if (message.starts_with(prefix)) return Colour::kDim;
  }
  const auto head = message.substr(0, 200);
  for (const auto* word : {"ERROR", "CRITICAL", "FATAL", "Traceback", "Task timed out", "Runtime.ExitError"}) {
    if (head.contains(word)) return Colour::kRed;
  }
  return head.contains("WARN") ? Colour::kYellow : Colour::kPlain;
}

// platform.report 1b2c... success  durationMs 1.23  billedDurationMs 2
LogText event_text(const json::object& event) {
  LogText out{text_of(event, "type"), Colour::kDim};
  const auto* found = event.if_contains("record");
  if (found == nullptr || !found->is_object()) return out;
  const auto& record = found->get_object();
  const auto status = text_of(record, "status");
  for (const auto& part : {text_of(record, "requestId"), status, text_of(record, "errorType")}) {
    if (!part.empty()) out.text += " " + part;
  }
  if (const auto* metrics = record.if_contains("metrics"); metrics != nullptr && metrics->is_object()) {
    for (const auto& [name, value] : metrics->get_object())
      out.text += fmt::format("  {} {}", std::string_view(name), codec::to_plain_json(value));
  }
  if (!status.empty() && status != "success") out.colour = Colour::kRed;
  return out;
}

void add_stack(const json::object& of, std::string& text) {
  const auto* stack = of.if_contains("stackTrace");
  if (stack == nullptr || !stack->is_array()) return;
  for (const auto& frame : stack->get_array()) {
    auto line = frame.is_string() ? std::string(frame.get_string()) : codec::to_plain_json(frame);
    while (line.ends_with('\n')) line.pop_back();
    text += "\n  " + line;
  }
}

std::string error_of(const json::object& of) {
  return fmt::format("{}: {}", text_of(of, "errorType"), text_of(of, "errorMessage"));
}

// ERROR no change  {"till":3}
LogText record_text(const json::object& record) {
  const auto level = text_of(record, "level");
  std::string text = level;
  const json::object* error = record.contains("errorMessage") ? &record : nullptr;
  const auto* message = record.if_contains("message");
  if (message != nullptr && message->is_object() && message->get_object().contains("errorMessage"))
    error = &message->get_object();  // console.error(error)
  else if (message != nullptr) text += " " + text_of(record, "message");
  if (error != nullptr && !text.contains(text_of(*error, "errorMessage"))) text += " " + error_of(*error);
  constexpr std::array<std::string_view, 9> kShown = {"level",     "message",      "timestamp",  "requestId", "logger",
                                                      "errorType", "errorMessage", "stackTrace", "location"};
  json::object rest;
  for (const auto& [name, value] : record) {
    if (std::ranges::find(kShown, std::string_view(name)) == kShown.end()) rest[name] = value;
  }
  if (!rest.empty()) text += "  " + codec::to_plain_json(rest);
  if (error != nullptr) add_stack(*error, text);
  const auto colour = colour_of(level);
  return {std::move(text), level == "DEBUG" || level == "TRACE" ? Colour::kDim : colour};
}

}  // namespace

LogText log_text(std::string_view message) {
  while (message.ends_with('\n')) message.remove_suffix(1);
  if (message.starts_with('{')) {
    const auto parsed = codec::parse_json(message);
    if (parsed && parsed->is_object()) {
      const auto& object = parsed->get_object();
      if (text_of(object, "type").starts_with("platform.")) return event_text(object);
      const bool says = object.contains("message") || object.contains("errorMessage");
      if (has_text(object, "level") && has_text(object, "timestamp") && says) return record_text(object);
    }
  }
  return {std::string(message), colour_of(message)};
}

}  // namespace gust::cli
