// The expressions of a request, or the legacy parameters that say the same; never both. Any thread.
#pragma once

#include "api/dynamodb/body.h"
#include "tables/expressions/legacy_conditions.h"

#include <optional>
#include <string_view>

namespace gust::api {

// Each answers nothing when the request has none, and kInvalid with the service's words when it is none.
class Expressions {
 public:
  // kInvalid when both kinds are mixed, or names and values are given without an expression. To be asked before
  // anything else of a request.
  enum class Of { kRead, kWrite, kUpdate, kQuery, kScan };
  static Result<void> check_styles(const Object& body, Of of);
  // `body` outlives this.
  static Result<Expressions> of(const Object& body);

  Result<std::optional<tables::ConditionExpression>> condition();
  // FilterExpression, or `legacy`: "QueryFilter", "ScanFilter".
  Result<std::optional<tables::ConditionExpression>> filter(std::string_view legacy);
  Result<std::optional<tables::Projection>> projection();
  Result<std::optional<tables::UpdateExpression>> update();
  Result<std::optional<tables::KeyConditionExpression>> key_condition();
  // After all of them: what was defined must have been used.
  Result<void> finish() const { return placeholders_.check_all_used(); }

 private:
  explicit Expressions(const Object& body) : body_(&body) {}

  const Object* body_;
  tables::Placeholders placeholders_;
};

}  // namespace gust::api
