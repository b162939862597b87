// Any text as a PartiQL statement with as many parameters as it has question marks, and what was understood asked of an
// item.
#include "fuzz/fuzz.h"
#include "tables/expressions/partiql.h"
#include "tables/values_for_tests.h"

#include <algorithm>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::tables;
  static const Item kItem = {{"a", M({{"b", L({N("1"), S("x")})}})}, {"b", L({N("1"), L({S("q")})})}, {"c", N("12")},
                             {"d", S("text")}, {"e", SS({"a", "z"})}, {"f", NS({"1", "7"})}, {"h", Bool(false)}};
  const auto text = as_text(data, size);
  std::vector<Value> parameters;
  for (auto marks = std::ranges::count(text, '?'); marks > 0; --marks) parameters.push_back(S("p"));
  const auto statement = parse_statement(text, parameters);
  if (!statement) {
    GUST_ASSERT(statement.error().code == gust::Code::kInvalid && !statement.error().message.empty());
    return 0;
  }
  GUST_ASSERT(!statement->table.empty() || text.contains("\"\""));
  if (statement->where) {
    GUST_ASSERT(statement->where->condition().evaluate(kItem));
    const KeySchema schema = {{"d"}, KeyAttribute{"c", Type::kNumber}};
    const auto key = statement->where->key(schema);
    const auto keys = statement->where->keys(schema);
    GUST_ASSERT(!key || (keys && keys->hash == key->at("d")));
    // An item with another hash key is never meant.
    auto other = kItem;
    other.insert_or_assign("d", S("no such text"));
    if (keys && keys->hash != other.at("d")) GUST_ASSERT(!statement->where->condition().evaluate(other).value());
  }
  if (statement->update) (void)statement->update->apply(kItem);
  return 0;
}
