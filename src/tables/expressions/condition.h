// ConditionExpression: what an item must be, of a ConditionExpression, a FilterExpression, or their legacy forms. A
// value, cheap to copy; evaluating takes no lock and changes nothing. Any thread. Source: "Condition and filter
// expressions, operators, and functions", DynamoDB developer guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/placeholders.h"
#include "tables/value.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>

namespace gust::tables {

struct ConditionNode;

class ConditionExpression {
 public:
  explicit ConditionExpression(ConditionNode root);

  // Of an item, or of an empty one where there is none.
  Result<bool> evaluate(const Item& item) const;

  // The top-level attributes that it asks about: "Filter Expression can only contain non-primary key attributes".
  std::set<std::string> attributes() const;

 private:
  std::shared_ptr<const ConditionNode> root_;
};

// `kind` is kCondition or kFilter. kInvalid "expression" with the service's words.
Result<ConditionExpression> parse_condition(ExpressionKind kind, std::string_view text, Placeholders& placeholders);

}  // namespace gust::tables
