// Placeholders: what "#name" and ":value" stand for in the expressions of one request, and which were used. Any thread.
// Source: "Expression attribute names" and "Expression attribute values", DynamoDB developer guide.
#pragma once

#include "base/result.h"
#include "tables/value.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace gust::tables {

enum class ExpressionKind { kCondition, kFilter, kUpdate, kProjection, kKeyCondition, kStatement };

// "ConditionExpression", "FilterExpression", ...; "Statement", of PartiQL.
std::string_view name_of(ExpressionKind kind);

inline constexpr std::size_t kMaxExpressionBytes = 4096;
inline constexpr std::size_t kMaxOperators = 300;

// kInvalid "expression" with the service's words, as every error of expressions.
std::unexpected<Error> refused(std::string message);

class Placeholders {
 public:
  using Names = std::map<std::string, std::string, std::less<>>;
  using Values = std::map<std::string, Value, std::less<>>;

  Placeholders() = default;
  // What the request has; nothing is not the same as an empty map, which is refused, as are keys without '#' or ':'.
  static Result<Placeholders> of(std::optional<Names> names, std::optional<Values> values);

  // nullptr when it is not defined. Counts as a use.
  const std::string* name(std::string_view key);
  const Value* value(std::string_view key);

  // After all expressions of the request were parsed.
  Result<void> check_all_used() const;

 private:
  Names names_;
  Values values_;
  std::set<std::string, std::less<>> unused_names_, unused_values_;
};

}  // namespace gust::tables
