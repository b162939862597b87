// The conditions, updates and projections of requests without expressions: Expected, QueryFilter, ScanFilter,
// KeyConditions, AttributeUpdates, AttributesToGet; they become what expressions become. Any thread. Source: "Legacy
// DynamoDB conditional parameters", DynamoDB developer guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/condition.h"
#include "tables/expressions/keys.h"
#include "tables/expressions/projection.h"
#include "tables/expressions/update.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::tables {

enum class ConditionalOperator { kAnd, kOr };

// Of QueryFilter, ScanFilter and KeyConditions.
struct LegacyCondition {
  std::string comparison;         // "EQ", "NE", ...
  std::vector<Value> values = {};  // AttributeValueList
};

// Of Expected: a comparison with one value or a list, or whether the attribute exists.
struct ExpectedValue {
  enum class Exists { kNotSaid, kTrue, kFalse };
  std::optional<std::string> comparison = {};
  std::optional<Value> value = {};
  std::optional<std::vector<Value>> values = {};  // AttributeValueList
  Exists exists = Exists::kNotSaid;
};

// Of AttributeUpdates.
struct AttributeUpdate {
  std::string action = "PUT";  // "PUT", "ADD", "DELETE"
  std::optional<Value> value = {};
};

using LegacyConditions = std::map<std::string, LegacyCondition>;
using ExpectedValues = std::map<std::string, ExpectedValue>;
using AttributeUpdates = std::map<std::string, AttributeUpdate>;

// Each answers kInvalid "expression" with the service's words.
Result<ConditionExpression> condition_of(const ExpectedValues& expected, ConditionalOperator joined);
Result<ConditionExpression> filter_of(const LegacyConditions& conditions, ConditionalOperator joined);
Result<KeyConditionExpression> key_condition_of(const LegacyConditions& conditions);
Result<UpdateExpression> update_of(const AttributeUpdates& updates);
Result<Projection> projection_of(const std::vector<std::string>& attributes_to_get);

}  // namespace gust::tables
