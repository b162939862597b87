// Key schemas and indexes of requests, checked. Any thread.
#pragma once

#include "api/dynamodb/shared.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gust::api {

// AttributeDefinitions, in their order and by name; what keys use of them is noted.
class AttributeTypes {
 public:
  // kInvalid when one is defined twice.
  static Result<AttributeTypes> of(const std::vector<dynamodb::AttributeDefinition>& definitions);

  void add(const tables::KeyAttribute& attribute);  // of a table that is there
  // kInvalid: a key that is there has an attribute by another type.
  Result<void> check_same(const tables::KeySchema& key) const;
  // kInvalid: not HASH and then RANGE, or of attributes that are not defined.
  enum class Of { kTable, kIndex };  // a table alone and one with indexes are told in other words
  Result<tables::KeySchema> key(const std::vector<dynamodb::KeySchemaElement>& schema, Of of);
  // kInvalid when some definition is of no key.
  Result<void> check_all_used(Of of) const;

 private:
  std::vector<std::string> names_;
  std::map<std::string, tables::Type> types_;
  std::set<std::string> used_;
};

// What CreateTable and UpdateTable say of an index.
struct IndexDeclaration {
  const std::string& name;
  tables::Scope scope;
  const std::vector<dynamodb::KeySchemaElement>& key;
  const dynamodb::Projection& projection;
  std::optional<dynamodb::ProvisionedThroughput> throughput = {};
  std::optional<dynamodb::OnDemandThroughput> on_demand = {};
};

// kInvalid with the service's words. `table` has its key and its billing mode.
Result<tables::Index> index_of(const tables::Table& table, const IndexDeclaration& declared, AttributeTypes& types);

// Names that are used twice, and the numbers of indexes and of the attributes that they include.
Result<void> check_indexes(const tables::Table& table);

// kInvalid: given or missing against the billing mode, or out of bounds. `of` is "" or " for index: NAME".
Result<tables::Throughput> throughput_of(tables::BillingMode billing,
                                         const std::optional<dynamodb::ProvisionedThroughput>& given,
                                         std::string_view index);

Result<tables::OnDemandLimits> limits_of(tables::BillingMode billing,
                                         const std::optional<dynamodb::OnDemandThroughput>& given,
                                         std::string_view index);

}  // namespace gust::api
