// DocumentPath: where in an item something is: "a.b[1].c". Any thread.
#pragma once

#include "base/result.h"
#include "tables/expressions/placeholders.h"
#include "tables/value.h"

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace gust::tables {

// A name of a map, or an index of a list.
using PathStep = std::variant<std::string, std::size_t>;

struct DocumentPath {
  std::vector<PathStep> steps;  // the first one is a name

  bool operator==(const DocumentPath&) const = default;
  const std::string& top() const { return std::get<std::string>(steps.front()); }
  // "[a, b, [1], c]", as the service's messages have it.
  std::string text() const;
  // nullptr when nothing is there.
  const Value* find(const Item& item) const;
};

// "Two document paths overlap" or "conflict": one is the other or above it, or they take one thing for a map and a
// list. kInvalid "expression".
Result<void> check_apart(ExpressionKind kind, const std::vector<DocumentPath>& paths);

// What is at the paths of the item, in its maps and lists; the elements of a list in their order, without gaps.
Item project(const Item& item, const std::vector<DocumentPath>& paths);

}  // namespace gust::tables
