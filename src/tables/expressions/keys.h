// KeyConditionExpression: which keys a query wants, of a KeyConditionExpression or the legacy KeyConditions. A value.
// Any thread. Source: "Key condition expressions for the Query operation", DynamoDB developer guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/placeholders.h"
#include "tables/item_store.h"
#include "tables/table.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

struct ConditionNode;

struct KeyCondition {
  Value hash;
  PageQuery::RangeIs range = {};
};

class KeyConditionExpression {
 public:
  // One attribute and what it must be; kNotSupported is of the legacy form only: NE, CONTAINS, IN, ...
  struct One {
    enum class Support { kYes, kNotSupported };
    std::string attribute;
    PageQuery::RangeIs is = {};
    Support support = Support::kYes;
  };
  // One or two, of different attributes.
  explicit KeyConditionExpression(std::vector<One> conditions) : conditions_(std::move(conditions)) {}

  // For the key of a table or index. kInvalid "expression": an attribute of another key, none of the hash key, a type
  // that is not the key's, an empty value.
  Result<KeyCondition> of(const KeySchema& key) const;

 private:
  std::vector<One> conditions_;
};

// Of the conditions that all must hold for the whole to hold, those that a key condition could be.
std::vector<KeyConditionExpression::One> key_conditions_in(const ConditionNode& root);

// kInvalid "expression" with the service's words. The first form needs no table: the service refuses what it can before
// it looks for the table.
Result<KeyConditionExpression> parse_key_condition(std::string_view text, Placeholders& placeholders);
Result<KeyCondition> parse_key_condition(std::string_view text, Placeholders& placeholders, const KeySchema& key);

}  // namespace gust::tables
