#include "api/dynamodb/restored.h"

#include "api/dynamodb/key_schema.h"

#include <algorithm>
#include <set>

namespace gust::api {
namespace {

using tables::BillingMode;
using tables::Index;
using tables::Scope;
using tables::Table;

// What the keys of a table and of its indexes are made of.
Result<AttributeTypes> types_of(const Table& table) {
  GUST_TRY(auto out, AttributeTypes::of({}));
  const auto add = [&](const tables::KeySchema& key) {
    out.add(key.hash);
    if (key.range) out.add(*key.range);
  };
  add(table.key);
  for (const auto& index : table.indexes) add(index.key);
  return out;
}

bool is_same(const Index& a, const Index& b) {
  const std::set<std::string> in_a(a.included.begin(), a.included.end()), in_b(b.included.begin(), b.included.end());
  return a.name == b.name && a.scope == b.scope && a.key == b.key && a.projected == b.projected && in_a == in_b;
}

std::unexpected<Error> no_such_index(const std::string& name) {
  return bad_parameter(fmt::format(
      "Index {} of the override is not one of the source table: indexes may be left out of a restore, not added or "
      "changed",
      name));
}

// The source's own throughput where the override says none.
Result<void> set_throughput(const Table& out, const std::optional<dynamodb::ProvisionedThroughput>& given,
                            Index& index) {
  if (given) {
    GUST_TRY(index.throughput, throughput_of(out.billing, given, index.name));
    return {};
  }
  if (out.billing == BillingMode::kOnDemand) {
    index.throughput = {};
  } else if (index.throughput.read == 0) {
    index.throughput = out.throughput;
  }
  return {};
}

Result<void> choose_indexes(const Table& source, const Overrides& overrides, Table& out) {
  GUST_TRY(auto types, types_of(source));
  out.indexes.clear();
  const auto keep = [&](const IndexDeclaration& said) -> Result<void> {
    auto plain = said;
    plain.throughput.reset();
    Table any = source;
    any.billing = BillingMode::kOnDemand;
    const auto wanted = index_of(any, plain, types);
    const auto found = std::ranges::find_if(
        source.indexes, [&](const Index& index) { return wanted && is_same(index, *wanted); });
    if (found == source.indexes.end()) return no_such_index(said.name);
    auto index = *found;
    if (index.scope == Scope::kGlobal) GUST_CHECK(set_throughput(out, said.throughput, index));
    out.indexes.push_back(std::move(index));
    return {};
  };
  if (overrides.local) {
    for (const auto& one : *overrides.local)
      GUST_CHECK(keep({one.index_name, Scope::kLocal, one.key_schema, one.projection}));
  }
  if (overrides.global) {
    for (const auto& one : *overrides.global)
      GUST_CHECK(keep({one.index_name, Scope::kGlobal, one.key_schema, one.projection, one.provisioned_throughput}));
  }
  for (auto index : source.indexes) {
    if (index.scope == Scope::kLocal ? overrides.local.has_value() : overrides.global.has_value()) continue;
    if (index.scope == Scope::kGlobal) GUST_CHECK(set_throughput(out, {}, index));
    out.indexes.push_back(std::move(index));
  }
  return check_indexes(out);
}

Result<void> choose_throughput(const Overrides& overrides, Table& out) {
  const auto was = out.billing;
  if (overrides.billing_mode)
    out.billing = *overrides.billing_mode == "PAY_PER_REQUEST" ? BillingMode::kOnDemand : BillingMode::kProvisioned;
  const bool kept = was == out.billing && !overrides.throughput;
  if (kept) return {};
  GUST_TRY(out.throughput, throughput_of(out.billing, overrides.throughput, ""));
  return {};
}

}  // namespace

Result<Table> restored(const tables::Place& target, const Table& source, const Overrides& overrides) {
  Table out;
  out.account = target.account;
  out.region = target.region;
  out.name = target.name;
  out.key = source.key;
  out.billing = source.billing;
  out.throughput = {source.throughput.read, source.throughput.write};
  GUST_CHECK(choose_throughput(overrides, out));
  GUST_CHECK(choose_indexes(source, overrides, out));
  return out;
}

}  // namespace gust::api
