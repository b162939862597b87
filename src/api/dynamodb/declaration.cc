#include "api/dynamodb/declaration.h"

#include "api/dynamodb/key_schema.h"

#include <algorithm>

namespace gust::api {
namespace {

using tables::BillingMode;
using tables::Scope;
using tables::StreamView;
using tables::Table;

constexpr std::size_t kMaxTags = 50;

BillingMode billing_of(const std::optional<std::string>& mode, BillingMode otherwise) {
  if (!mode) return otherwise;
  return *mode == "PAY_PER_REQUEST" ? BillingMode::kOnDemand : BillingMode::kProvisioned;
}

Result<std::optional<StreamView>> stream_of(const dynamodb::StreamSpecification& given) {
  const auto& view = given.stream_view_type;
  if (given.stream_enabled && !view)
    return bad_parameter("StreamViewType must be specified when StreamEnabled is true");
  if (!given.stream_enabled && view)
    return bad_parameter("StreamViewType cannot be specified when StreamEnabled is false");
  if (!view) return std::nullopt;
  if (*view == "KEYS_ONLY") return StreamView::kKeysOnly;
  if (*view == "NEW_IMAGE") return StreamView::kNewImage;
  return *view == "OLD_IMAGE" ? StreamView::kOldImage : StreamView::kNewAndOldImages;
}

// What both requests may have and Gust does not serve, rather than ignore it.
template <typename Request>
Result<void> refuse_unserved(const Request& request) {
  const char* unserved = nullptr;
  if (request.sse_specification && request.sse_specification->enabled.value_or(false)) unserved = "SSESpecification";
  if (request.table_class.value_or("STANDARD") != "STANDARD") unserved = "TableClass";
  if (request.warm_throughput) unserved = "WarmThroughput";
  if (request.on_demand_throughput) unserved = "OnDemandThroughput";
  if (request.global_table_settings_replication_mode) unserved = "GlobalTableSettingsReplicationMode";
  if constexpr (requires { request.replica_updates; }) {
    if (request.replica_updates || request.global_table_witness_updates || request.multi_region_consistency)
      unserved = "ReplicaUpdates";
    if (request.vector_index_updates) unserved = "VectorIndexUpdates";
  } else {
    if (request.vector_indexes) unserved = "VectorIndexes";
    if (request.resource_policy) unserved = "ResourcePolicy";
    if (request.global_table_source_arn) unserved = "GlobalTableSourceArn";
  }
  if (unserved == nullptr) return {};
  return bad_parameter(fmt::format("{} is not served by Gust; leave it out", unserved));
}

Result<void> declare_indexes(Table& table, const dynamodb::CreateTableInput& request, AttributeTypes& types) {
  if (const auto& local = request.local_secondary_indexes) {
    if (local->empty()) return bad_parameter("List of LocalSecondaryIndexes is empty");
    for (const auto& one : *local) {
      const IndexDeclaration said{one.index_name, Scope::kLocal, one.key_schema, one.projection};
      GUST_TRY(auto index, index_of(table, said, types));
      table.indexes.push_back(std::move(index));
    }
  }
  if (const auto& global = request.global_secondary_indexes) {
    if (global->empty()) return bad_parameter("List of GlobalSecondaryIndexes is empty");
    for (const auto& one : *global) {
      const IndexDeclaration said{one.index_name, Scope::kGlobal, one.key_schema, one.projection,
                                  one.provisioned_throughput};
      GUST_TRY(auto index, index_of(table, said, types));
      table.indexes.push_back(std::move(index));
    }
  }
  return check_indexes(table);
}

tables::Index* find_index(Table& table, const std::string& name) {
  const auto found = std::ranges::find_if(
      table.indexes, [&](const auto& index) { return index.name == name && index.scope == Scope::kGlobal; });
  return found == table.indexes.end() ? nullptr : &*found;
}

std::unexpected<Error> no_index(const Table& table, const std::string& name) {
  return fail(Code::kNotFound,
              fmt::format("Requested resource not found: Index: {} of table: {} not found", name, table.name), "index");
}

Result<void> create_index(Table& table, const dynamodb::CreateGlobalSecondaryIndexAction& create,
                          const dynamodb::UpdateTableInput& request) {
  if (create.warm_throughput || create.on_demand_throughput)
    return bad_parameter("WarmThroughput and OnDemandThroughput are not served by Gust; leave them out");
  if (std::ranges::find(table.indexes, create.index_name, &tables::Index::name) != table.indexes.end())
    return bad_request("Attempting to create an index which already exists");
  GUST_TRY(auto types, AttributeTypes::of(request.attribute_definitions.value_or(
                           std::vector<dynamodb::AttributeDefinition>())));
  for (const auto* key : {&table.key}) {
    types.add(key->hash);
    if (key->range) types.add(*key->range);
  }
  for (const auto& index : table.indexes) {
    types.add(index.key.hash);
    if (index.key.range) types.add(*index.key.range);
  }
  const IndexDeclaration said{create.index_name, Scope::kGlobal, create.key_schema, create.projection,
                              create.provisioned_throughput};
  GUST_TRY(auto index, index_of(table, said, types));
  GUST_CHECK(types.check_all_used());
  index.status = tables::Status::kCreating;
  table.indexes.push_back(std::move(index));
  return check_indexes(table);
}

Result<void> update_index(Table& table, const dynamodb::UpdateGlobalSecondaryIndexAction& update) {
  auto* index = find_index(table, update.index_name);
  if (index == nullptr) return no_index(table, update.index_name);
  if (update.warm_throughput || update.on_demand_throughput)
    return bad_parameter("WarmThroughput and OnDemandThroughput are not served by Gust; leave them out");
  GUST_TRY(index->throughput, throughput_of(table.billing, update.provisioned_throughput, index->name));
  return {};
}

Result<void> delete_index(Table& table, const std::string& name) {
  const auto* index = find_index(table, name);
  if (index == nullptr) return no_index(table, name);
  if (index->status == tables::Status::kCreating)
    return fail(Code::kConflict, fmt::format("Attempt to change a resource which is still in use: Index is being "
                                             "created: {}", name), "index");
  std::erase_if(table.indexes, [&](const auto& one) { return one.name == name; });
  return {};
}

Result<void> change_indexes(Table& table, const dynamodb::UpdateTableInput& request) {
  std::size_t made = 0;
  for (const auto& one : *request.global_secondary_index_updates) {
    if ((one.create ? 1 : 0) + (one.update ? 1 : 0) + (one.delete_ ? 1 : 0) != 1) {
      return bad_parameter(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must be specified, and one only");
    }
    if (!one.update && ++made > 1) {
      return fail(Code::kTooLarge,
                  "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
                  "limit");
    }
    if (one.create) GUST_CHECK(create_index(table, *one.create, request));
    if (one.update) GUST_CHECK(update_index(table, *one.update));
    if (one.delete_) GUST_CHECK(delete_index(table, one.delete_->index_name));
  }
  return {};
}

Result<void> check_changes(const Table& table, const dynamodb::ProvisionedThroughput& given) {
  const auto& now = table.throughput;
  if (static_cast<std::uint64_t>(given.read_capacity_units) != now.read ||
      static_cast<std::uint64_t>(given.write_capacity_units) != now.write)
    return {};
  return bad_request(fmt::format(
      "The provisioned throughput for the table will not change. The requested value equals the current value. Current "
      "ReadCapacityUnits provisioned for the table: {0}. Requested ReadCapacityUnits: {0}. Current WriteCapacityUnits "
      "provisioned for the table: {1}. Requested WriteCapacityUnits: {1}. Refer to the Amazon DynamoDB Developer Guide "
      "for current limits and how to request higher limits.",
      now.read, now.write));
}

Result<void> change_billing(Table& table, const dynamodb::UpdateTableInput& request) {
  const auto billing = billing_of(request.billing_mode, table.billing);
  if (billing == table.billing && !request.provisioned_throughput) return {};
  if (billing == BillingMode::kProvisioned && table.billing == billing && request.provisioned_throughput)
    GUST_CHECK(check_changes(table, *request.provisioned_throughput));
  GUST_TRY(table.throughput, throughput_of(billing, request.provisioned_throughput, ""));
  if (billing == table.billing) return {};
  table.billing = billing;
  for (auto& index : table.indexes) {
    if (index.scope == Scope::kLocal) continue;
    index.throughput = {};
    if (billing == BillingMode::kOnDemand) continue;
    const auto& updates = request.global_secondary_index_updates;
    const bool given = updates && std::ranges::any_of(*updates, [&](const auto& one) {
      return one.update && one.update->index_name == index.name;
    });
    if (!given) GUST_CHECK(throughput_of(billing, std::nullopt, index.name));
  }
  return {};
}

Result<void> change_stream(Table& table, const dynamodb::StreamSpecification& given) {
  GUST_TRY(const auto stream, stream_of(given));
  if (stream && table.stream) return bad_request("Table already has an enabled stream: TableName: " + table.name.str());
  if (!stream && !table.stream) return bad_request("Table has no stream to disable: TableName: " + table.name.str());
  table.stream = stream;
  return {};
}

}  // namespace

Result<void> add_tags(TagMap& tags, const std::vector<dynamodb::Tag>& added) {
  for (const auto& tag : added) {
    if (tag.key.starts_with("aws:"))
      return bad_parameter(fmt::format("Tag key '{}': names that begin with aws: are reserved", tag.key));
    tags[tag.key] = tag.value;
  }
  if (tags.size() <= kMaxTags) return {};
  return bad_parameter(fmt::format("Too many tags: {}, {} at most", tags.size(), kMaxTags));
}

Result<Table> declared(const wire::Call& call, const dynamodb::CreateTableInput& request) {
  if (!request.table_name.starts_with("arn:") && (request.table_name.size() < 3 || request.table_name.size() > 255))
    return bad_request("TableName must be at least 3 characters long and at most 255 characters long");
  GUST_TRY(const auto place, place_of(call, request.table_name));
  GUST_CHECK(refuse_unserved(request));
  Table out;
  out.account = place.account;
  out.region = place.region;
  out.name = place.name;
  out.billing = billing_of(request.billing_mode, BillingMode::kProvisioned);
  GUST_TRY(out.throughput, throughput_of(out.billing, request.provisioned_throughput, ""));
  GUST_TRY(auto types, AttributeTypes::of(request.attribute_definitions));
  GUST_TRY(out.key, types.key(request.key_schema));
  GUST_CHECK(declare_indexes(out, request, types));
  GUST_CHECK(types.check_all_used());
  if (request.stream_specification) {
    GUST_TRY(out.stream, stream_of(*request.stream_specification));
  }
  if (request.tags) GUST_CHECK(add_tags(out.tags, *request.tags));
  out.deletion_protection = request.deletion_protection_enabled.value_or(false);
  return out;
}

Result<void> change_table(Table& table, const dynamodb::UpdateTableInput& request) {
  GUST_CHECK(refuse_unserved(request));
  const auto& indexes = request.global_secondary_index_updates;
  const bool changes_indexes = indexes && !indexes->empty();
  if (!request.billing_mode && !request.provisioned_throughput && !changes_indexes && !request.stream_specification &&
      !request.deletion_protection_enabled && !request.sse_specification && !request.table_class) {
    return bad_request(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required");
  }
  GUST_CHECK(change_billing(table, request));
  if (request.stream_specification) GUST_CHECK(change_stream(table, *request.stream_specification));
  if (changes_indexes) GUST_CHECK(change_indexes(table, request));
  if (request.deletion_protection_enabled) table.deletion_protection = *request.deletion_protection_enabled;
  return {};
}

}  // namespace gust::api
