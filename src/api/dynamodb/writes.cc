#include "api/dynamodb/writes.h"

#include "api/dynamodb/attribute_value.h"
#include "api/dynamodb/expressions.h"
#include "tables/keys.h"

namespace gust::api {

using Kind = tables::Write::Kind;

Result<ParsedWrite> parse_write(Kind kind, const Object& body) {
  ParsedWrite out;
  out.kind = kind;
  out.table = text_of(body, "TableName");
  using Of = Expressions::Of;
  GUST_CHECK(Expressions::check_styles(body, kind == Kind::kUpdate ? Of::kUpdate : Of::kWrite));
  GUST_TRY(out.item, item_from(body.at(kind == Kind::kPut ? "Item" : "Key")));
  GUST_TRY(auto expressions, Expressions::of(body));
  if (kind == Kind::kUpdate) {
    GUST_TRY(out.update, expressions.update());
  }
  GUST_TRY(out.condition, expressions.condition());
  GUST_CHECK(expressions.finish());
  if (text_of(body, "ReturnValuesOnConditionCheckFailure") == "ALL_OLD") out.on_failure = ParsedWrite::OnFailure::kItem;
  return out;
}

Result<tables::Write> write_of(const ParsedWrite& parsed, const tables::Table& table) {
  tables::Write out{.kind = parsed.kind, .table = table};
  (parsed.kind == Kind::kPut ? out.item : out.key) = parsed.item;
  if (parsed.condition)
    out.condition = [condition = *parsed.condition](const tables::Item& there) { return condition.evaluate(there); };
  if (parsed.update) {
    GUST_CHECK(parsed.update->check_key(table.key));
    if (!parsed.update->creates()) out.absent = tables::Write::Absent::kLeave;
    out.change = [update = *parsed.update](const tables::Item& there) { return update.apply(there); };
  }
  return out;
}

Error too_large_first(const ParsedWrite& parsed, Error error) {
  const bool large = parsed.kind == Kind::kPut && tables::size_of(parsed.item) > tables::kMaxItemBytes;
  return large ? tables::too_large() : error;
}

}  // namespace gust::api
