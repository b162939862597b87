// UpdateAction: one change of an update, ready to be applied. Only for the sources of this module that build updates.
// Any thread.
#pragma once

#include "base/result.h"
#include "tables/expression_path.h"
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

}  // namespace gust::tables
