// UpdateExpression: how an item changes: SET, REMOVE, ADD and DELETE, or the legacy AttributeUpdates. All that it
// reads, it reads from the item as it was. A value, cheap to copy. Any thread. Source: "Update expressions", DynamoDB
// developer guide.
#pragma once

#include "base/result.h"
#include "tables/expressions/placeholders.h"
#include "tables/table.h"
#include "tables/value.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

struct UpdateAction;

class UpdateExpression {
 public:
  explicit UpdateExpression(std::vector<UpdateAction> actions);

  // `there` with the changes. kInvalid "expression": what it reads is not there, is of a wrong type, or a path leads
  // nowhere; kInvalid of Number when a sum does not fit.
  Result<Item> apply(const Item& there) const;

  // Whether it makes an item where there is none: not when all that it does is REMOVE and DELETE.
  bool creates() const;
  // The top-level attributes that it changes, in the order of their names.
  std::set<std::string> attributes() const;
  // kInvalid "expression" when it changes an attribute of the key.
  Result<void> check_key(const KeySchema& key) const;
  // Only what is at the paths that it changes: of the item before for UPDATED_OLD, after for UPDATED_NEW.
  Item changed(const Item& item) const;

 private:
  std::shared_ptr<const std::vector<UpdateAction>> actions_;
};

// kInvalid "expression" with the service's words.
Result<UpdateExpression> parse_update(std::string_view text, Placeholders& placeholders);

}  // namespace gust::tables
