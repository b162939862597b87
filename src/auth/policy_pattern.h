// PolicyPattern: a text of a policy with its wildcards and variables, compiled once and matched often. Matching takes
// at most (length of the pattern) x (length of the text) steps and allocates nothing. Any thread. Source: "IAM policy
// elements: variables and tags", IAM user guide.
#pragma once

#include "auth/condition_keys.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::auth {

enum class Wildcards { kText, kMatched };   // * and ?
enum class Variables { kText, kReplaced };  // ${name}, ${name, 'default'}, ${*} ${?} ${$}
enum class Case { kExact, kIgnored };       // of ASCII letters

class PolicyPattern {
 public:
  PolicyPattern(std::string_view text, Wildcards wildcards, Variables variables, Case letters = Case::kExact);

  // A variable whose key has no value, or several, matches nothing; wildcards in its value are text.
  bool matches(std::string_view text, const ConditionKeys& keys) const;

  // As it was written.
  const std::string& text() const { return text_; }
  bool has_variables() const { return has_variables_; }

  // What the pattern could match, whatever its variables are: `prefix` itself, and longer texts that begin with it.
  struct Reach {
    bool itself = false;
    bool longer = false;
  };
  Reach reach(std::string_view prefix) const;

 private:
  enum class Kind { kText, kAny, kOne, kVariable };
  struct Piece {
    Kind kind;
    std::string text;  // of kText; the name of kVariable, lower-case
    std::optional<std::string> fallback;
  };

  void add_text(std::string_view text);
  std::size_t add_variable(std::string_view text);
  std::optional<std::size_t> step(const Piece& piece, std::string_view rest, const ConditionKeys& keys) const;

  std::string text_;
  Case letters_;
  bool has_variables_ = false;
  std::vector<Piece> pieces_;
};

// The end of the variable that `text` begins with, after its brace; 0 when it begins with none.
std::size_t variable_length(std::string_view text);

}  // namespace gust::auth
