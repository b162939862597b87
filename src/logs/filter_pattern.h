// FilterPattern: which messages are meant, in the language of CloudWatch Logs: terms, "phrases", ?optional and
// -excluded ones, %regular expressions%; { $.field = value } of JSON; [columns] of text between spaces. Immutable; any
// thread. Source: "Filter pattern syntax" of the CloudWatch Logs guide.
#pragma once

#include "base/result.h"
#include "logs/token_filter.h"

#include <memory>
#include <string>
#include <string_view>

namespace gust::logs {

class FilterPattern {
 public:
  virtual ~FilterPattern() = default;
  virtual bool matches(std::string_view message) const = 0;
  // What each message that matches has.
  virtual Needs needs() const = 0;
  // A text that each message that matches has; empty: none is known.
  virtual std::string_view literal() const { return {}; }
};

inline constexpr std::size_t kMaxPattern = 1024;  // characters

// Empty text: every message. kInvalid "pattern" says what is wrong and where.
Result<std::shared_ptr<const FilterPattern>> parse_filter_pattern(std::string_view text);

// Of its kinds; the text is from its first character that is no space on. Each takes the pattern's whole rest.
Result<std::shared_ptr<const FilterPattern>> parse_json_pattern(std::string_view text);
Result<std::shared_ptr<const FilterPattern>> parse_column_pattern(std::string_view text);

}  // namespace gust::logs
