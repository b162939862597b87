// What an expression says, before its placeholders are looked up. Only for the parsers of this module. Any thread.
// Source: "Condition and filter expressions, operators, and functions" and "Update expressions", DynamoDB developer
// guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/path.h"
#include "tables/expressions/tokens.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

struct SyntaxStep {
  enum class Kind { kName, kPlaceholder, kIndex };
  Kind kind = Kind::kName;
  std::string text;
};
using SyntaxPath = std::vector<SyntaxStep>;

struct SyntaxNode {
  enum class Kind { kPath, kValue, kFunction, kSum, kCompare, kBetween, kIn, kAnd, kOr, kNot };
  enum class Grouped { kNo, kYes };  // whether it is in parentheses of its own
  Kind kind = Kind::kPath;
  std::string text = {};  // of kValue, kFunction, kSum and kCompare: as it is written
  SyntaxPath path = {};
  std::vector<SyntaxNode> of = {};
  Grouped grouped = Grouped::kNo;
};

// Recursive descent, at most kMaxOperators deep.
class SyntaxParser {
 public:
  explicit SyntaxParser(Tokens& tokens) : tokens_(tokens) {}

  Result<SyntaxPath> path();
  // Conditions joined by OR and AND, or an operand; whether it is a condition is not looked at.
  Result<SyntaxNode> either();
  // An operand, or the sum or difference of two.
  Result<SyntaxNode> sum();
  // After the whole text: parentheses around parentheses, more than kMaxOperators.
  Result<void> check() const;

 private:
  using Part = Result<SyntaxNode> (SyntaxParser::*)();
  Result<SyntaxNode> nested(Part part);
  Result<SyntaxNode> joined(SyntaxNode::Kind kind, std::string_view word, Part part);
  Result<SyntaxNode> both();
  Result<SyntaxNode> negated();
  Result<SyntaxNode> comparison();
  Result<SyntaxNode> between(SyntaxNode first);
  Result<SyntaxNode> among(SyntaxNode first);
  Result<SyntaxNode> term();
  Result<SyntaxNode> operand();
  Result<SyntaxNode> group(Part part);
  Result<SyntaxNode> function();
  Result<void> steps(SyntaxPath& path);
  std::unexpected<Error> too_many(std::size_t operators) const;

  Tokens& tokens_;
  std::size_t depth_ = 0, operators_ = 0;
  bool redundant_ = false;
};

// One whole condition, its functions known and used where they may be, no name of it reserved.
Result<SyntaxNode> parse_condition_syntax(Tokens& tokens);

bool is_condition(const SyntaxNode& node);
// In its text's order: a function that is unknown; a name that is reserved.
Result<void> check_function_names(ExpressionKind kind, const SyntaxNode& node);
Result<void> check_names(ExpressionKind kind, const SyntaxPath& path);
Result<void> check_names(ExpressionKind kind, const SyntaxNode& node);
// Functions that answer a condition where a value should be, and the other way round, in a whole condition.
Result<void> check_function_uses(ExpressionKind kind, const SyntaxNode& root);
std::unexpected<Error> misused(ExpressionKind kind, std::string_view function);

Result<DocumentPath> resolve_path(ExpressionKind kind, const SyntaxPath& path, Placeholders& placeholders);
Result<Value> resolve_value(ExpressionKind kind, std::string_view text, Placeholders& placeholders);

// The errors that several kinds of expressions share.
std::unexpected<Error> wrong_count(ExpressionKind kind, std::string_view function, std::size_t count);
std::unexpected<Error> wrong_type(ExpressionKind kind, std::string_view function, std::string_view type);
std::unexpected<Error> needs_path(ExpressionKind kind, std::string_view function);

}  // namespace gust::tables
