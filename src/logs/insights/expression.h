// Expressions of Insights queries. Immutable once parsed; any thread. Source: "CloudWatch Logs Insights language query
// syntax" of the guide.
#pragma once

#include "base/result.h"
#include "logs/insights/value.h"
#include "logs/token_filter.h"

#include <memory>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace gust::logs::insights {

struct Expression;
using ExpressionPtr = std::shared_ptr<const Expression>;

struct Expression {
  enum class Kind { kLiteral, kField, kCall, kLike, kIn, kAnd, kOr, kNot, kCompare, kArithmetic } kind = Kind::kLiteral;
  Value literal;
  std::string name;  // of a field or a function; the operator of a comparison or of arithmetic
  std::vector<ExpressionPtr> parts;
  std::shared_ptr<const re2::RE2> regex;  // of kLike, which else looks for parts[1]

  Value evaluate(const Record& record) const;
};

// A regular expression of a query. kInvalid "query".
Result<std::shared_ptr<const re2::RE2>> query_regex(std::string_view text);

// Whether a function of this name takes so many arguments; kInvalid "query" says what is wrong.
Result<void> check_function(std::string_view name, std::size_t arguments);
Value call_function(std::string_view name, const std::vector<Value>& arguments);

// What a message has where a filter holds that is applied to the event as it came.
Needs needs_of(const Expression& filter);

}  // namespace gust::logs::insights
