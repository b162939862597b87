#include "api/dynamodb/key_schema.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace gust::api {
namespace {

using tables::BillingMode;
using tables::Projected;
using tables::Scope;
using tables::Type;

constexpr std::size_t kMaxLocalIndexes = 5, kMaxGlobalIndexes = 20, kMaxIncluded = 100;
constexpr std::int64_t kMaxUnits = 1'000'000'000'000;

Result<Projected> projected_of(const dynamodb::Projection& projection) {
  if (!projection.projection_type) return bad_parameter("Unknown ProjectionType: null");
  const auto& type = *projection.projection_type;
  const bool include = type == "INCLUDE";
  if (include && !projection.non_key_attributes)
    return bad_parameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
  if (!include && projection.non_key_attributes)
    return bad_parameter(fmt::format("ProjectionType is {}, but NonKeyAttributes is specified", type));
  return include ? Projected::kInclude : type == "ALL" ? Projected::kAll : Projected::kKeysOnly;
}

std::unexpected<Error> no_range_key() {
  return bad_parameter(
      "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex");
}

Result<void> check_local(const tables::Table& table, const tables::Index& index) {
  if (!index.key.range)
    return bad_parameter("Index KeySchema does not have a range key for index: " + index.name);
  if (index.key.hash == table.key.hash) return {};
  return bad_parameter(fmt::format(
      "Index KeySchema does not have the same leading hash key as table KeySchema for index: {}. index hash key: {}, "
      "table hash key: {}",
      index.name, index.key.hash.name, table.key.hash.name));
}

}  // namespace

Result<AttributeTypes> AttributeTypes::of(const std::vector<dynamodb::AttributeDefinition>& definitions) {
  AttributeTypes out;
  for (const auto& one : definitions) {
    const auto type = one.attribute_type == "S" ? Type::kString : one.attribute_type == "N" ? Type::kNumber
                                                                                            : Type::kBinary;
    if (!out.types_.emplace(one.attribute_name, type).second)
      return bad_parameter("Duplicate AttributeName in AttributeDefinitions: " + one.attribute_name);
    out.names_.push_back(one.attribute_name);
  }
  return out;
}

void AttributeTypes::add(const tables::KeyAttribute& attribute) {
  if (types_.insert_or_assign(attribute.name, attribute.type).second) names_.push_back(attribute.name);
  used_.insert(attribute.name);
}

Result<void> AttributeTypes::check_same(const tables::KeySchema& key) const {
  const auto shown = [](const tables::KeyAttribute& one, Type type, std::string_view role) {
    return fmt::format("Schema:[SchemaElement: key{{{}:{}:{}}}]", one.name, tables::name_of(type), role);
  };
  const auto check = [&](const tables::KeyAttribute& one, std::string_view role) -> Result<void> {
    const auto given = types_.find(one.name);
    if (given == types_.end() || given->second == one.type) return {};
    return bad_parameter(fmt::format("Attributes cannot be redefined. Please check that your attribute has the same "
                                     "type as previously defined. Existing schema: {} New schema: {}",
                                     shown(one, one.type, role), shown(one, given->second, role)));
  };
  GUST_CHECK(check(key.hash, "HASH"));
  return key.range ? check(*key.range, "RANGE") : Result<void>();
}

Result<tables::KeySchema> AttributeTypes::key(const std::vector<dynamodb::KeySchemaElement>& schema, Of of) {
  std::vector<std::string> names;
  for (const auto& element : schema) names.push_back(element.attribute_name);
  for (const auto& name : names) {
    if (types_.contains(name)) continue;
    if (of == Of::kTable && names.size() > 1)
      return bad_request("Invalid KeySchema: Some index key attribute have no definition");
    return bad_parameter(fmt::format("Some index key attributes are not defined in AttributeDefinitions. Keys: [{}], "
                                     "AttributeDefinitions: [{}]",
                                     fmt::join(names, ", "), fmt::join(names_, ", ")));
  }
  if (schema.size() > 1 && schema[0].attribute_name == schema[1].attribute_name)
    return bad_request("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  if (schema.front().key_type != "HASH")
    return bad_request("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  if (schema.size() > 1 && schema[1].key_type != "RANGE")
    return bad_request("Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
  std::vector<tables::KeyAttribute> found;
  for (const auto& name : names) {
    found.push_back({name, types_.at(name)});
    used_.insert(name);
  }
  tables::KeySchema out{found[0], {}};
  if (found.size() > 1) out.range = found[1];
  return out;
}

Result<void> AttributeTypes::check_all_used(Of of) const {
  if (used_.size() == types_.size()) return {};
  if (of == Of::kTable) {
    return bad_parameter(
        "Number of attributes in KeySchema does not exactly match number of attributes defined in "
        "AttributeDefinitions");
  }
  return bad_parameter(fmt::format("Some AttributeDefinitions are not used. AttributeDefinitions: [{}], keys used: "
                                   "[{}]",
                                   fmt::join(names_, ", "), fmt::join(used_, ", ")));
}

Result<tables::Index> index_of(const tables::Table& table, const IndexDeclaration& declared, AttributeTypes& types) {
  tables::Index out;
  out.name = declared.name;
  out.scope = declared.scope;
  if (declared.scope == Scope::kLocal && !table.key.range) return no_range_key();
  GUST_TRY(out.key, types.key(declared.key, AttributeTypes::Of::kIndex));
  GUST_TRY(out.projected, projected_of(declared.projection));
  if (declared.projection.non_key_attributes) out.included = *declared.projection.non_key_attributes;
  if (declared.scope == Scope::kLocal) {
    GUST_CHECK(check_local(table, out));
    return out;
  }
  GUST_TRY(out.throughput, throughput_of(table.billing, declared.throughput, out.name));
  GUST_TRY(out.on_demand, limits_of(table.billing, declared.on_demand, out.name));
  return out;
}

Result<void> check_indexes(const tables::Table& table) {
  std::set<std::string_view> names;
  std::size_t local = 0, included = 0;
  for (const auto& index : table.indexes) {
    if (!names.insert(index.name).second) return bad_parameter("Duplicate index name: " + index.name);
    local += index.scope == Scope::kLocal ? 1 : 0;
    included += index.included.size();
  }
  if (local > kMaxLocalIndexes)
    return bad_parameter(
        fmt::format("Number of LocalSecondaryIndexes exceeds per-table limit of {}", kMaxLocalIndexes));
  if (table.indexes.size() - local > kMaxGlobalIndexes)
    return bad_parameter(
        fmt::format("GlobalSecondaryIndex count exceeds the per-table limit of {}", kMaxGlobalIndexes));
  if (included > kMaxIncluded)
    return bad_parameter(fmt::format("Number of NonKeyAttributes exceeds per-table limit of {}", kMaxIncluded));
  return {};
}

Result<tables::OnDemandLimits> limits_of(BillingMode billing, const std::optional<dynamodb::OnDemandThroughput>& given,
                                         std::string_view index) {
  tables::OnDemandLimits out;
  if (!given) return out;
  const auto of = index.empty() ? std::string() : fmt::format(" for index: {}", index);
  if (billing == BillingMode::kProvisioned)
    return bad_parameter(fmt::format("OnDemandThroughput cannot be specified{} when BillingMode is PROVISIONED", of));
  for (const auto& [name, units, to] : {std::tuple{"MaxReadRequestUnits", given->max_read_request_units, &out.read},
                                        {"MaxWriteRequestUnits", given->max_write_request_units, &out.write}}) {
    if (!units || *units == -1) continue;  // -1 takes a limit away
    if (*units < 1 || *units > kMaxUnits)
      return bad_request(fmt::format("Given value {} for {} is out of bounds{}", *units, name, of));
    *to = static_cast<std::uint64_t>(*units);
  }
  return out;
}

Result<tables::Throughput> throughput_of(BillingMode billing,
                                         const std::optional<dynamodb::ProvisionedThroughput>& given,
                                         std::string_view index) {
  if (billing == BillingMode::kOnDemand) {
    if (!given) return tables::Throughput{};
    if (!index.empty()) {
      return bad_parameter(fmt::format(
          "ProvisionedThroughput should not be specified for index: {} when BillingMode is PAY_PER_REQUEST", index));
    }
    return bad_parameter(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST");
  }
  if (!given && !index.empty())
    return bad_request("No provisioned throughput specified for the global secondary index");
  if (!given) {
    return bad_parameter(
        "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED");
  }
  for (const auto& [name, units] : {std::pair{"ReadCapacityUnits", given->read_capacity_units},
                                    {"WriteCapacityUnits", given->write_capacity_units}}) {
    if (units > kMaxUnits) {
      return bad_request(fmt::format("Given value {} for {} is out of bounds{}{}", units, name,
                                     index.empty() ? "" : " for index ", index));
    }
  }
  return tables::Throughput{static_cast<std::uint64_t>(given->read_capacity_units),
                            static_cast<std::uint64_t>(given->write_capacity_units)};
}

}  // namespace gust::api
