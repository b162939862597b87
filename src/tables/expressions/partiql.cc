#include "tables/expressions/partiql.h"

#include "tables/expressions/condition_node.h"
#include "tables/expressions/partiql_parser.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

using RangeKind = PageQuery::RangeIs::Kind;
using One = KeyConditionExpression::One;

const One* equality(const std::vector<One>& conditions, const KeyAttribute& key) {
  const auto found = std::ranges::find_if(conditions, [&](const One& one) {
    return one.attribute == key.name && one.is.kind == RangeKind::kEqual && one.is.low.type() == key.type;
  });
  return found == conditions.end() ? nullptr : &*found;
}

}  // namespace

std::optional<KeyCondition> Where::keys(const KeySchema& key) const {
  const auto* hash = equality(of_keys_, key.hash);
  if (!hash) return std::nullopt;
  KeyCondition out{.hash = hash->is.low};
  if (!key.range) return out;
  for (const auto& one : of_keys_) {
    const bool two = one.is.kind == RangeKind::kBetween;
    if (one.attribute != key.range->name || one.is.low.type() != key.range->type) continue;
    if (two && one.is.high.type() != key.range->type) continue;
    out.range = one.is;
    break;
  }
  return out;
}

Result<Item> Where::key(const KeySchema& key) const {
  Item out;
  for (const auto* attribute : {&key.hash, key.range ? &*key.range : nullptr}) {
    if (!attribute) continue;
    const auto* one = equality(of_keys_, *attribute);
    if (!one) return refused("Where clause does not contain a mandatory equality on all key attributes");
    out.emplace(attribute->name, one->is.low);
  }
  return out;
}

Result<Statement> parse_statement(std::string_view text, const std::vector<Value>& parameters) {
  GUST_TRY(auto tokens, partiql_tokens(text));
  return PartiqlParser(std::move(tokens), parameters).statement();
}

}  // namespace gust::tables
