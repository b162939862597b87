// Projection: which parts of an item are answered, of a ProjectionExpression or the legacy AttributesToGet. A value.
// Any thread. Source: "Using projection expressions", DynamoDB developer guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/path.h"
#include "tables/expressions/placeholders.h"
#include "tables/value.h"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

class Projection {
 public:
  // Paths of which none is below another.
  explicit Projection(std::vector<DocumentPath> paths) : paths_(std::move(paths)) {}

  // What is there of the paths, in its maps and lists; the elements of a list in their order, without gaps.
  Item apply(const Item& item) const;

  // The top-level attributes that it needs.
  std::set<std::string> attributes() const;

 private:
  std::vector<DocumentPath> paths_;
};

// kInvalid "expression" with the service's words.
Result<Projection> parse_projection(std::string_view text, Placeholders& placeholders);

}  // namespace gust::tables
