// Any text as an expression of each kind, and what was understood asked of an item.
#include "fuzz/fuzz.h"
#include "tables/expressions/condition.h"
#include "tables/expressions/keys.h"
#include "tables/expressions/projection.h"
#include "tables/expressions/update.h"
#include "tables/values_for_tests.h"

namespace tables = gust::tables;

namespace {

const tables::Item& item() {
  using namespace gust::tables;
  static const Item kItem = {{"a", M({{"b", L({N("1"), S("x"), M({{"c", N("2")}})})}, {"c", S("y")}})},
                             {"b", L({N("1"), L({S("q")}), SS({"a", "b"})})},
                             {"c", N("12")},
                             {"d", S("text")},
                             {"e", SS({"a", "z"})},
                             {"f", NS({"1", "7"})},
                             {"g", B("bytes")},
                             {"h", Bool(false)}};
  return kItem;
}

// Whether the error is one that this module may answer; true of success.
template <typename T>
bool is_ours(const gust::Result<T>& result) {
  return result || (result.error().code == gust::Code::kInvalid && !result.error().message.empty());
}

void check_update(std::string_view text, tables::Placeholders given) {
  const auto update = tables::parse_update(text, given);
  GUST_ASSERT(is_ours(update));
  if (!update) return;
  GUST_ASSERT(!update->attributes().empty());
  const auto after = update->apply(item());
  GUST_ASSERT(is_ours(after));
  if (!after) return;
  for (const auto& [name, value] : *after) {
    const auto before = item().find(name);
    GUST_ASSERT(update->attributes().contains(name) || (before != item().end() && before->second == value));
  }
  for (const auto& [name, _] : update->changed(*after)) GUST_ASSERT(after->contains(name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  const auto given = tables::placeholders({{"#a", "a"}, {"#b", "b"}, {"#c", "c"}});
  for (const auto kind : {tables::ExpressionKind::kCondition, tables::ExpressionKind::kFilter}) {
    auto mine = given;
    const auto condition = tables::parse_condition(kind, text, mine);
    GUST_ASSERT(is_ours(condition));
    if (!condition) continue;
    GUST_ASSERT(condition->evaluate(item()) && condition->evaluate({}));
    (void)condition->attributes();
  }
  check_update(text, given);
  auto mine = given;
  if (const auto projection = tables::parse_projection(text, mine)) {
    for (const auto& [name, _] : projection->apply(item())) GUST_ASSERT(projection->attributes().contains(name));
  }
  const tables::KeySchema schema = {{"d"}, tables::KeyAttribute{"c", tables::Type::kNumber}};
  GUST_ASSERT(is_ours(tables::parse_key_condition(text, mine, schema)));
  return 0;
}
