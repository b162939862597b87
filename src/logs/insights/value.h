// Values of Insights queries: nothing, a number or a text; and the record that a query sees of an event. One thread at
// a time.
#pragma once

#include "logs/event.h"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace gust::logs::insights {

using Value = std::variant<std::monostate, double, std::string>;

inline bool is_missing(const Value& value) { return value.index() == 0; }
// A text that is a number counts as one.
std::optional<double> number_of(const Value& value);
std::string text_of(const Value& value);  // empty for nothing
// By number where both are, else by text; nothing first.
int compare(const Value& a, const Value& b);
bool is_true(const Value& value);
inline Value truth(bool holds) { return holds ? 1.0 : 0.0; }

// 2026-11-27 21:04:05.678, as results have times.
std::string time_text(double epoch_ms);

class Record {
 public:
  Record() = default;
  // `log` is ACCOUNT:GROUP.
  Record(const Event& event, std::string_view log);

  // A field that a command made, else one that is found in the event: @timestamp, @message, @logStream, @log,
  // @ingestionTime, @ptr, those of Lambda's own lines, and those of a message that is JSON.
  Value get(const std::string& name) const;
  void set(std::string name, Value value) { made_[std::move(name)] = std::move(value); }
  std::int64_t at_ms() const { return at_ms_; }
  std::uint64_t sequence() const { return sequence_; }

 private:
  void find_fields() const;

  std::int64_t at_ms_ = 0;
  std::uint64_t sequence_ = 0;
  std::string message_;
  std::map<std::string, Value> made_;
  // Of the message, found when first asked for.
  mutable std::map<std::string, Value> found_;
  mutable bool searched_ = true;
};

}  // namespace gust::logs::insights
