// ConditionNode: a condition, ready to be asked of items. Only for the sources of this module that build conditions.
// Any thread.
#pragma once

#include "tables/expressions/path.h"
#include "tables/expressions/placeholders.h"
#include "tables/expressions/syntax.h"
#include "tables/value.h"

#include <compare>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace gust::tables {

// A value, or what is at a path; or how large that is.
struct Operand {
  enum class Measure { kItself, kSize };
  std::variant<Value, DocumentPath> is;
  Measure measure = Measure::kItself;
};

struct ConditionNode {
  enum class Kind {
    kAnd,
    kOr,
    kNot,
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kBetween,
    kIn,
    kExists,
    kType,
    kBeginsWith,
    kContains
  };
  Kind kind = Kind::kAnd;
  std::vector<Operand> operands = {};
  std::vector<ConditionNode> of = {};  // of kAnd, kOr and kNot
  Type type = Type::kString;           // of kType
};

bool holds(const ConditionNode& node, const Item& item);

// Of two strings, numbers or binaries; nothing for values of other types, or of two types.
std::optional<std::strong_ordering> order(const Value& left, const Value& right);
bool has_order(Type type);
// "{S:a}", as the service's messages have it.
std::string describe(const Value& value);

// A path, a value, or size() of one. kInvalid "expression".
Result<Operand> resolve_operand(ExpressionKind kind, const SyntaxNode& node, Placeholders& placeholders);
// A whole condition: its operands' counts, types, and whether they differ.
Result<ConditionNode> resolve_condition(ExpressionKind kind, const SyntaxNode& node, Placeholders& placeholders);

}  // namespace gust::tables
