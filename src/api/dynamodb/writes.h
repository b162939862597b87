// Requests to write one item, alone or in a batch or transaction, as writes of the item store. Any thread.
#pragma once

#include "api/dynamodb/body.h"
#include "tables/expressions/condition.h"
#include "tables/expressions/update.h"
#include "tables/item_store.h"

#include <optional>
#include <string>

namespace gust::api {

// What the request says, before its table is known: what is wrong in it by itself is refused first.
struct ParsedWrite {
  tables::Write::Kind kind = tables::Write::Kind::kPut;
  std::string table;
  tables::Item item;  // of a put; else the key
  std::optional<tables::ConditionExpression> condition = {};
  std::optional<tables::UpdateExpression> update = {};
  enum class OnFailure { kNothing, kItem };  // ReturnValuesOnConditionCheckFailure
  OnFailure on_failure = OnFailure::kNothing;
};

// Of PutItem, UpdateItem and so on, and of their kin in transactions. kInvalid with the service's words.
Result<ParsedWrite> parse_write(tables::Write::Kind kind, const Object& body);
// kInvalid when an update changes the key.
Result<tables::Write> write_of(const ParsedWrite& parsed, const tables::Table& table);

// That an item is too large is told before that there is no table: `error` is of the look for it.
Error too_large_first(const ParsedWrite& parsed, Error error);

}  // namespace gust::api
