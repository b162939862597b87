#include "logs/insights/value.h"

#include "codec/json.h"
#include "codec/time_format.h"
#include "logs/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gust::logs::insights {
namespace {

constexpr std::size_t kMaxFields = 1000, kMaxDepth = 16;

void flatten(const codec::json::value& value, const std::string& name, std::size_t depth,
             std::map<std::string, Value>& out) {
  if (depth > kMaxDepth || out.size() >= kMaxFields) return;
  const auto below = [&](std::string_view part) {
    return name.empty() ? std::string(part) : fmt::format("{}.{}", name, part);
  };
  if (const auto* object = value.if_object()) {
    for (const auto& [key, member] : *object) flatten(member, below(std::string_view(key)), depth + 1, out);
  } else if (const auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) flatten((*array)[i], below(std::to_string(i)), depth + 1, out);
  } else if (const auto* text = value.if_string()) {
    out[name] = std::string(std::string_view(*text));
  } else if (value.is_number()) {
    out[name] = value.to_number<double>();
  } else if (value.is_bool()) {
    out[name] = value.get_bool() ? 1.0 : 0.0;
  }
}

// What stands behind `label` and before a space or a tab.
std::string behind(std::string_view message, std::string_view label) {
  const auto at = message.find(label);
  if (at == std::string_view::npos) return {};
  const auto rest = message.substr(at + label.size());
  return std::string(rest.substr(0, std::min(rest.find_first_of(" \t\n"), rest.size())));
}

// The lines that the platform writes of invocations. Source: "Supported logs and discovered fields" of the guide.
void find_lambda_fields(std::string_view message, std::map<std::string, Value>& out) {
  for (const std::string_view type : {"START", "END", "REPORT"}) {
    if (!message.starts_with(type) || !message.substr(type.size()).starts_with(" RequestId: ")) continue;
    out["@type"] = std::string(type);
    out["@requestId"] = behind(message, "RequestId: ");
    if (type != "REPORT") return;
    struct Number {
      std::string_view label;
      const char* field;
      double scale;
    };
    constexpr double kMb = 1'000'000;
    for (const auto& [label, field, scale] :
         {Number{"\tDuration: ", "@duration", 1}, Number{"\tBilled Duration: ", "@billedDuration", 1},
          Number{"\tMemory Size: ", "@memorySize", kMb}, Number{"\tMax Memory Used: ", "@maxMemoryUsed", kMb},
          Number{"\tInit Duration: ", "@initDuration", 1}}) {
      if (const auto number = as_number(behind(message, label))) out[field] = *number * scale;
    }
  }
}

}  // namespace

std::optional<double> number_of(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? std::nullopt : as_number(*text);
}

std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  const auto* number = std::get_if<double>(&value);
  if (number == nullptr) return {};
  constexpr double kWhole = 1e15;
  if (std::floor(*number) == *number && std::abs(*number) < kWhole) return fmt::format("{:.0f}", *number + 0.0);
  auto out = fmt::format("{:.4f}", *number);
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

int compare(const Value& a, const Value& b) {
  if (is_missing(a) || is_missing(b)) return static_cast<int>(is_missing(b)) - static_cast<int>(is_missing(a));
  const auto x = number_of(a), y = number_of(b);
  if (x && y) return *x < *y ? -1 : *x > *y ? 1 : 0;
  const auto order = text_of(a).compare(text_of(b));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

bool is_true(const Value& value) {
  if (const auto number = number_of(value)) return *number != 0;
  return text_of(value) == "true";
}

std::string time_text(double epoch_ms) {
  auto out = codec::to_iso8601_ms(from_epoch_ms(static_cast<std::int64_t>(epoch_ms)));
  if (out.size() > 11) out[10] = ' ';
  if (out.ends_with('Z')) out.pop_back();
  return out;
}

Record::Record(const Event& event, std::string_view log)
    : at_ms_(event.at_ms), sequence_(event.sequence), message_(event.message), searched_(false) {
  made_["@timestamp"] = static_cast<double>(event.at_ms);
  made_["@ingestionTime"] = static_cast<double>(event.ingested_ms);
  made_["@message"] = event.message;
  made_["@logStream"] = event.stream;
  made_["@log"] = std::string(log);
  made_["@ptr"] = fmt::format("{}/{}/{}", log, event.at_ms, event.sequence);
  if (!event.request_id.empty()) made_["@requestId"] = event.request_id;
}

void Record::find_fields() const {
  if (std::exchange(searched_, true)) return;
  const auto begin = message_.find_first_not_of(" \t\r\n");
  if (begin != std::string::npos && message_[begin] == '{') {
    codec::JsonArena arena;
    if (const auto document = codec::parse_json(message_, 64, arena.storage())) flatten(*document, "", 0, found_);
  }
  find_lambda_fields(message_, found_);
}

Value Record::get(const std::string& name) const {
  if (const auto made = made_.find(name); made != made_.end()) return made->second;
  find_fields();
  const auto found = found_.find(name);
  return found == found_.end() ? Value() : found->second;
}

}  // namespace gust::logs::insights
