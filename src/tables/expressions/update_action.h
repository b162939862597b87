// UpdateAction: one change of an update, ready to be applied. Only for the sources of this module that build updates.
// Any thread.
#pragma once

#include "base/result.h"
#include "tables/expressions/path.h"
#include "tables/expressions/syntax.h"
#include "tables/expressions/update.h"
#include "tables/value.h"

#include <optional>
#include <vector>

namespace gust::tables {

// What SET puts somewhere.
struct UpdateValue {
  enum class Kind { kValue, kPath, kIfNotExists, kListAppend, kPlus, kMinus };
  Kind kind = Kind::kValue;
  Value value = {};       // of kValue
  DocumentPath path = {};  // of kPath
  std::vector<UpdateValue> of = {};
};

struct UpdateAction {
  enum class Kind { kSet, kRemove, kAdd, kDelete };
  // AttributeUpdates can add to lists, and have an error of their own.
  enum class Rules { kExpression, kLegacy };
  Kind kind = Kind::kSet;
  DocumentPath path;
  UpdateValue value = {};  // of all but kRemove; a kValue of kAdd and kDelete
  Rules rules = Rules::kExpression;
};

// An action as it is written.
struct WrittenAction {
  UpdateAction::Kind kind = UpdateAction::Kind::kSet;
  SyntaxPath path;
  SyntaxNode value = {};  // of all but kRemove
};

// Looks placeholders up, and checks paths and types. kInvalid "expression".
Result<UpdateExpression> resolve_update(ExpressionKind kind, const std::vector<WrittenAction>& written,
                                        Placeholders& placeholders);
// list_append() only outermost; of other functions only if_not_exists().
Result<void> check_function_uses(ExpressionKind kind, const WrittenAction& action);

}  // namespace gust::tables
