// Comparison: what a filter pattern asks of one value: = != < <= > >= with a number, a text with * for any run of
// characters, or %a regular expression%. Immutable; any thread. Source: "Filter pattern syntax" of the CloudWatch Logs
// guide.
#pragma once

#include "base/result.h"
#include "logs/token_filter.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace gust::logs {

// Reads a pattern from the front.
class PatternCursor {
 public:
  explicit PatternCursor(std::string_view text) : all_(text), left_(text) {}
  void skip_spaces();
  bool done() const { return left_.empty(); }
  char front() const { return left_.empty() ? '\0' : left_.front(); }
  // Takes `text` where it stands here, after spaces.
  bool take(std::string_view text);
  // Up to one of `stops`, or to the end.
  std::string_view until(std::string_view stops);
  std::string_view left() const { return left_; }
  // kInvalid "pattern": what was expected, and where.
  std::unexpected<Error> error(std::string_view expected) const;
  // The text in quotes that begins here; \" and \\ stand for themselves.
  Result<std::string> quoted();
  // What is between two of `mark`, which stands here.
  Result<std::string> between(char mark);

 private:
  std::string_view all_, left_;
};

enum class Operator { kEqual, kNotEqual, kLess, kLessOrEqual, kGreater, kGreaterOrEqual };

// Where in the text an operator stands; nothing when there is none.
std::optional<Operator> take_operator(PatternCursor& in);

// A regular expression of a pattern. kInvalid "pattern" for characters and operators that patterns may not have.
Result<std::shared_ptr<const re2::RE2>> pattern_regex(std::string_view text);

// `pattern` with * for any run of characters.
bool matches_wildcard(std::string_view text, std::string_view pattern);
std::optional<double> as_number(std::string_view text);

class Comparison {
 public:
  // The value at the front; a bare one ends at a space or one of `stops`. kInvalid "pattern".
  static Result<Comparison> parse(PatternCursor& in, Operator op, std::string_view stops);

  bool holds_for_text(std::string_view text) const;
  bool holds_for_string(std::string_view text) const;  // of JSON: 404.0 in quotes is not the number 404
  bool holds_for_number(double number, std::string_view as_written) const;
  // What a message has where a field at `path` passes; and where any text of it does.
  Needs needs_of_field(std::string_view path) const;
  Needs needs_of_text() const;
  bool is_regex() const { return regex_ != nullptr; }

 private:
  bool equals(std::string_view text) const;
  bool ordered(double number) const;

  Operator op_ = Operator::kEqual;
  std::string text_;
  enum class Form { kBare, kQuoted } form_ = Form::kBare;
  std::optional<double> number_;  // of a bare one
  std::shared_ptr<const re2::RE2> regex_;
};

}  // namespace gust::logs
