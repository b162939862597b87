#include "api/dynamodb/declaration.h"

#include "api/dynamodb/description.h"
#include "api/dynamodb/key_schema.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <set>

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

tables::TableClass class_of(std::string_view name) {
  return name == "STANDARD" ? tables::TableClass::kStandard : tables::TableClass::kInfrequentAccess;
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
  if (request.warm_throughput) unserved = "WarmThroughput";
  if (request.global_table_settings_replication_mode) unserved = "GlobalTableSettingsReplicationMode";
  if constexpr (requires { request.replica_updates; }) {
    if (request.replica_updates || request.global_table_witness_updates || request.multi_region_consistency)
      unserved = "ReplicaUpdates";
    if (request.vector_index_updates) unserved = "VectorIndexUpdates";
  } else {
    if (request.vector_indexes) unserved = "VectorIndexes";
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
                                  one.provisioned_throughput, one.on_demand_throughput};
      if (one.warm_throughput) return bad_parameter("WarmThroughput is not served by Gust; leave it out");
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

constexpr std::uint32_t kFreeDecreases = 4;  // on one day (UTC); then one an hour
constexpr auto kBetweenDecreases = std::chrono::seconds(3600);

// "Monday, October 10, 2022 at 1:00:19 PM Coordinated Universal Time"
std::string spoken(WallTime time) {
  const auto utc = fmt::gmtime(std::chrono::system_clock::to_time_t(time));
  const int hour = utc.tm_hour % 12 == 0 ? 12 : utc.tm_hour % 12;
  return fmt::format("{0:%A, %B} {1}, {0:%Y} at {2}:{0:%M:%S} {3} Coordinated Universal Time", utc, utc.tm_mday, hour,
                     utc.tm_hour < 12 ? "AM" : "PM");
}

// New units of a table or index, `of` as errors call it: others than now, and not lowered too often.
Result<void> change_units(tables::Throughput& units, const tables::Throughput& wanted, WallTime now,
                          std::string_view of) {
  if (wanted.read == units.read && wanted.write == units.write) {
    const auto whose = of.substr(0, of.find(' ', 4));  // "the table", "the index"
    return bad_request(fmt::format(
        "The provisioned throughput for {0} will not change. The requested value equals the current value. Current "
        "ReadCapacityUnits provisioned for {1}: {2}. Requested ReadCapacityUnits: {2}. Current WriteCapacityUnits "
        "provisioned for {1}: {3}. Requested WriteCapacityUnits: {3}. Refer to the Amazon DynamoDB Developer Guide for "
        "current limits and how to request higher limits.",
        of, whose, units.read, units.write));
  }
  const auto done = decreases_today(units, now);
  if (wanted.read < units.read || wanted.write < units.write) {
    if (done >= kFreeDecreases && now < *units.decreased_at + kBetweenDecreases) {
      return fail(Code::kTooLarge,
                  fmt::format("Subscriber limit exceeded: Provisioned throughput decreases are limited within a given "
                              "UTC day. After the first {} decreases, each subsequent decrease in the same UTC day can "
                              "be performed at most once every {} seconds. Number of decreases today: {}. Last "
                              "decrease at {}. Next decrease can be made at {}",
                              kFreeDecreases, kBetweenDecreases.count(), done, spoken(*units.decreased_at),
                              spoken(*units.decreased_at + kBetweenDecreases)),
                  "limit");
    }
    units.decreased_at = now;
    units.decreases = done + 1;
  }
  if (wanted.read > units.read || wanted.write > units.write) units.increased_at = now;
  units.read = wanted.read;
  units.write = wanted.write;
  return {};
}

Result<void> create_index(Table& table, const dynamodb::CreateGlobalSecondaryIndexAction& create,
                          const dynamodb::UpdateTableInput& request) {
  if (create.warm_throughput) return bad_parameter("WarmThroughput is not served by Gust; leave it out");
  if (std::ranges::find(table.indexes, create.index_name, &tables::Index::name) != table.indexes.end())
    return bad_request("Attempting to create an index which already exists");
  // Those that no key is of are let through here, unlike CreateTable's.
  GUST_TRY(auto types, AttributeTypes::of(request.attribute_definitions.value_or(
                           std::vector<dynamodb::AttributeDefinition>())));
  GUST_CHECK(types.check_same(table.key));
  for (const auto& index : table.indexes) GUST_CHECK(types.check_same(index.key));
  const IndexDeclaration said{create.index_name, Scope::kGlobal, create.key_schema, create.projection,
                              create.provisioned_throughput, create.on_demand_throughput};
  GUST_TRY(auto index, index_of(table, said, types));
  index.status = tables::Status::kCreating;
  table.indexes.push_back(std::move(index));
  return check_indexes(table);
}

Result<void> update_index(Table& table, const dynamodb::UpdateGlobalSecondaryIndexAction& update, WallTime now) {
  auto* index = find_index(table, update.index_name);
  if (index == nullptr) return no_index(table, update.index_name);
  if (update.warm_throughput) return bad_parameter("WarmThroughput is not served by Gust; leave it out");
  if (update.on_demand_throughput) {
    GUST_TRY(index->on_demand, limits_of(table.billing, update.on_demand_throughput, index->name));
    if (!update.provisioned_throughput) return {};
  }
  GUST_TRY(const auto units, throughput_of(table.billing, update.provisioned_throughput, index->name));
  return change_units(index->throughput, units, now, fmt::format("the index {}", index->name));
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

// One update an index, and something in each.
Result<void> check_index_updates(const dynamodb::UpdateTableInput& request) {
  std::set<std::string_view> names;
  for (const auto& one : *request.global_secondary_index_updates) {
    const auto given = (one.create ? 1 : 0) + (one.update ? 1 : 0) + (one.delete_ ? 1 : 0);
    if (given != 1) {
      return bad_parameter(fmt::format(
          "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, "
          "GlobalSecondaryIndexUpdate.Delete must {}",
          given == 0 ? "not be null" : "be specified, and one only"));
    }
    const auto& name = one.create ? one.create->index_name : one.update ? one.update->index_name
                                                                        : one.delete_->index_name;
    if (names.insert(name).second) continue;
    return bad_parameter("Only one global secondary index update per index is allowed simultaneously. Index: " + name);
  }
  return {};
}

Result<void> change_indexes(Table& table, const dynamodb::UpdateTableInput& request, WallTime now) {
  std::size_t made = 0;
  for (const auto& one : *request.global_secondary_index_updates) {
    if (!one.update && ++made > 1) {
      return fail(Code::kTooLarge,
                  "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
                  "limit");
    }
    if (one.create) GUST_CHECK(create_index(table, *one.create, request));
    if (one.update) GUST_CHECK(update_index(table, *one.update, now));
    if (one.delete_) GUST_CHECK(delete_index(table, one.delete_->index_name));
  }
  return {};
}

Result<void> change_billing(Table& table, const dynamodb::UpdateTableInput& request, WallTime now) {
  const auto billing = billing_of(request.billing_mode, table.billing);
  if (billing == table.billing && !request.provisioned_throughput) return {};
  GUST_TRY(const auto units, throughput_of(billing, request.provisioned_throughput, ""));
  if (billing == table.billing) return change_units(table.throughput, units, now, "the table");
  table.billing = billing;
  table.throughput = units;
  table.on_demand = {};
  if (billing == BillingMode::kOnDemand) table.on_demand_since = now;
  for (auto& index : table.indexes) {
    if (index.scope == Scope::kLocal) continue;
    index.throughput = {};
    index.on_demand = {};
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

// Letters beyond ASCII are taken as they are.
bool may_be_in_tag(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || std::isalnum(byte) != 0 || std::isspace(byte) != 0 || std::string_view("_.:/=+-@").contains(c);
}

}  // namespace

Result<void> add_tags(TagMap& tags, const std::vector<dynamodb::Tag>& added) {
  for (const auto& tag : added) {
    if (tag.key.starts_with("aws:"))
      return bad_parameter(fmt::format("Tag key '{}': names that begin with aws: are reserved", tag.key));
    for (const auto& [what, text] : {std::pair{"key", &tag.key}, {"value", &tag.value}}) {
      if (std::ranges::all_of(*text, may_be_in_tag)) continue;
      return bad_parameter(fmt::format(
          "Tag {} '{}': letters, digits, white space and _ . : / = + - @ are what it may have", what, *text));
    }
    tags[tag.key] = tag.value;
  }
  if (tags.size() <= kMaxTags) return {};
  return bad_parameter(fmt::format("Too many tags: {}, {} at most", tags.size(), kMaxTags));
}

Result<Table> declared(const wire::Call& call, const dynamodb::CreateTableInput& request, WallTime now) {
  GUST_TRY(const auto place, place_of(call, request.table_name));
  GUST_CHECK(refuse_unserved(request));
  Table out;
  out.account = place.account;
  out.region = place.region;
  out.name = place.name;
  out.billing = billing_of(request.billing_mode, BillingMode::kProvisioned);
  GUST_TRY(out.throughput, throughput_of(out.billing, request.provisioned_throughput, ""));
  GUST_TRY(out.on_demand, limits_of(out.billing, request.on_demand_throughput, ""));
  if (out.billing == BillingMode::kOnDemand) out.on_demand_since = now;
  GUST_TRY(auto types, AttributeTypes::of(request.attribute_definitions));
  using Of = AttributeTypes::Of;
  GUST_TRY(out.key, types.key(request.key_schema, Of::kTable));
  const bool plain = !request.local_secondary_indexes && !request.global_secondary_indexes;
  if (plain) GUST_CHECK(types.check_all_used(Of::kTable));
  GUST_CHECK(declare_indexes(out, request, types));
  GUST_CHECK(types.check_all_used(plain ? Of::kTable : Of::kIndex));
  if (request.stream_specification) {
    GUST_TRY(out.stream, stream_of(*request.stream_specification));
  }
  if (request.tags) GUST_CHECK(add_tags(out.tags, *request.tags));
  out.deletion_protection = request.deletion_protection_enabled.value_or(false);
  if (request.resource_policy) {
    GUST_TRY(out.policy, policy_of(*request.resource_policy, now));
  }
  out.table_class = class_of(request.table_class.value_or("STANDARD"));
  return out;
}

Result<void> change_table(Table& table, const dynamodb::UpdateTableInput& request, WallTime now) {
  GUST_CHECK(refuse_unserved(request));
  const auto& indexes = request.global_secondary_index_updates;
  const bool changes_indexes = indexes && !indexes->empty();
  if (!request.billing_mode && !request.provisioned_throughput && !changes_indexes && !request.stream_specification &&
      !request.deletion_protection_enabled && !request.sse_specification && !request.table_class &&
      !request.on_demand_throughput) {
    return bad_request(
        "At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
        "SSESpecification or ReplicaUpdates is required");
  }
  if (changes_indexes) GUST_CHECK(check_index_updates(request));
  GUST_CHECK(change_billing(table, request, now));
  if (request.on_demand_throughput) {
    GUST_TRY(table.on_demand, limits_of(table.billing, request.on_demand_throughput, ""));
  }
  if (request.stream_specification) GUST_CHECK(change_stream(table, *request.stream_specification));
  if (changes_indexes) GUST_CHECK(change_indexes(table, request, now));
  if (request.deletion_protection_enabled) table.deletion_protection = *request.deletion_protection_enabled;
  if (request.table_class && class_of(*request.table_class) != table.table_class) {
    table.table_class = class_of(*request.table_class);
    table.class_changed_at = now;
  }
  return {};
}

}  // namespace gust::api
