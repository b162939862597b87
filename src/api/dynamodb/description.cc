#include "api/dynamodb/description.h"

#include <algorithm>

namespace gust::api {
namespace {

using Counts = tables::Sweeper::Counts;
using tables::BillingMode;
constexpr std::int64_t kOnDemandReads = 12'000, kOnDemandWrites = 4'000;

using tables::Projected;
using tables::Scope;
using tables::Status;

const char* name_of(Status status) {
  constexpr const char* kNames[] = {"CREATING", "ACTIVE", "UPDATING", "DELETING"};
  return kNames[static_cast<std::size_t>(status)];
}

const char* name_of(tables::StreamView view) {
  constexpr const char* kNames[] = {"KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"};
  return kNames[static_cast<std::size_t>(view)];
}

std::vector<dynamodb::KeySchemaElement> elements(const tables::KeySchema& key) {
  std::vector<dynamodb::KeySchemaElement> out{{key.hash.name, "HASH"}};
  if (key.range) out.push_back({key.range->name, "RANGE"});
  return out;
}

std::vector<dynamodb::AttributeDefinition> definitions(const tables::Table& table) {
  std::vector<dynamodb::AttributeDefinition> out;
  const auto add = [&](const tables::KeySchema& key) {
    for (const auto* one : {&key.hash, key.range ? &*key.range : nullptr}) {
      const auto is_it = [&](const auto& definition) { return definition.attribute_name == one->name; };
      if (one == nullptr || std::ranges::any_of(out, is_it)) continue;
      out.push_back({one->name, std::string(tables::name_of(one->type))});
    }
  };
  add(table.key);
  for (const auto& index : table.indexes) add(index.key);
  return out;
}

dynamodb::Projection projection(const tables::Index& index) {
  dynamodb::Projection out;
  out.projection_type = index.projected == Projected::kAll        ? "ALL"
                        : index.projected == Projected::kKeysOnly ? "KEYS_ONLY"
                                                                  : "INCLUDE";
  if (index.projected == Projected::kInclude) out.non_key_attributes = index.included;
  return out;
}

dynamodb::ProvisionedThroughputDescription throughput(const tables::Throughput& units, WallTime now) {
  dynamodb::ProvisionedThroughputDescription out;
  out.number_of_decreases_today = static_cast<std::int64_t>(decreases_today(units, now));
  out.last_increase_date_time = units.increased_at;
  out.last_decrease_date_time = units.decreased_at;
  out.read_capacity_units = static_cast<std::int64_t>(units.read);
  out.write_capacity_units = static_cast<std::int64_t>(units.write);
  return out;
}

tables::ItemStore::Count count_of(const Counts& counts, const std::string& name) {
  const auto found = counts.find(name);
  return found == counts.end() ? tables::ItemStore::Count() : found->second;
}

// What global and local indexes have in common.
template <typename Description>
Description index_description(const tables::Table& table, const tables::Index& index, const Counts& counts) {
  Description out;
  out.index_name = index.name;
  out.index_arn = table_arn(table) + "/index/" + index.name;
  out.key_schema = elements(index.key);
  out.projection = projection(index);
  const auto count = count_of(counts, index.name);
  out.index_size_bytes = static_cast<std::int64_t>(count.bytes);
  out.item_count = static_cast<std::int64_t>(count.items);
  return out;
}

std::optional<dynamodb::OnDemandThroughput> limits(const tables::OnDemandLimits& of) {
  if (of.read == 0 && of.write == 0) return std::nullopt;
  const auto number = [](std::uint64_t units) { return units == 0 ? -1 : static_cast<std::int64_t>(units); };
  dynamodb::OnDemandThroughput out;
  out.max_read_request_units = number(of.read);
  out.max_write_request_units = number(of.write);
  return out;
}

// What a table can take at once: the units that it has, or those of every new table on demand.
template <typename Description>
Description warm(const tables::Table& table, const tables::Throughput& units) {
  const bool on_demand = table.billing == BillingMode::kOnDemand;
  Description out;
  out.read_units_per_second = on_demand ? kOnDemandReads : static_cast<std::int64_t>(units.read);
  out.write_units_per_second = on_demand ? kOnDemandWrites : static_cast<std::int64_t>(units.write);
  out.status = "ACTIVE";
  return out;
}

void describe_indexes(const tables::Table& table, const Counts& counts, WallTime now,
                      dynamodb::TableDescription& out) {
  for (const auto& index : table.indexes) {
    if (index.scope == Scope::kLocal) {
      if (!out.local_secondary_indexes) out.local_secondary_indexes.emplace();
      out.local_secondary_indexes->push_back(
          index_description<dynamodb::LocalSecondaryIndexDescription>(table, index, counts));
      continue;
    }
    auto one = index_description<dynamodb::GlobalSecondaryIndexDescription>(table, index, counts);
    one.index_status = name_of(index.status);
    if (index.status == Status::kCreating) one.backfilling = true;
    one.provisioned_throughput = throughput(index.throughput, now);
    one.on_demand_throughput = limits(index.on_demand);
    one.warm_throughput = warm<dynamodb::GlobalSecondaryIndexWarmThroughputDescription>(table, index.throughput);
    if (!out.global_secondary_indexes) out.global_secondary_indexes.emplace();
    out.global_secondary_indexes->push_back(std::move(one));
  }
}

}  // namespace

std::uint32_t decreases_today(const tables::Throughput& units, WallTime now) {
  const auto day = [](WallTime time) { return std::chrono::floor<std::chrono::days>(time); };
  return units.decreased_at && day(*units.decreased_at) == day(now) ? units.decreases : 0;
}

dynamodb::TableDescription describe(const tables::Table& table, Status status, const Counts& counts, WallTime now) {
  dynamodb::TableDescription out;
  out.attribute_definitions = definitions(table);
  out.table_name = table.name.str();
  out.key_schema = elements(table.key);
  out.table_status = name_of(status);
  out.creation_date_time = table.created_at;
  out.provisioned_throughput = throughput(table.throughput, now);
  out.on_demand_throughput = limits(table.on_demand);
  out.warm_throughput = warm<dynamodb::TableWarmThroughputDescription>(table, table.throughput);
  const auto count = count_of(counts, "");
  out.table_size_bytes = static_cast<std::int64_t>(count.bytes);
  out.item_count = static_cast<std::int64_t>(count.items);
  out.table_arn = table_arn(table);
  out.table_id = table.id;
  if (table.billing == BillingMode::kOnDemand || table.on_demand_since) {
    auto& billing = out.billing_mode_summary.emplace();
    billing.billing_mode = table.billing == BillingMode::kOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED";
    billing.last_update_to_pay_per_request_date_time = table.on_demand_since.value_or(table.created_at);
  }
  if (table.table_class != tables::TableClass::kStandard || table.class_changed_at) {
    auto& summary = out.table_class_summary.emplace();
    const bool standard = table.table_class == tables::TableClass::kStandard;
    summary.table_class = standard ? "STANDARD" : "STANDARD_INFREQUENT_ACCESS";
    summary.last_update_date_time = table.class_changed_at;
  }
  describe_indexes(table, counts, now, out);
  if (table.stream) {
    auto& stream = out.stream_specification.emplace();
    stream.stream_enabled = true;
    stream.stream_view_type = name_of(*table.stream);
  }
  if (!table.stream_label.empty()) {
    out.latest_stream_label = table.stream_label;
    out.latest_stream_arn = table_arn(table) + "/stream/" + table.stream_label;
  }
  if (const auto& from = table.restored) {
    auto& summary = out.restore_summary.emplace();
    if (!from->backup.empty()) summary.source_backup_arn = from->backup;
    summary.source_table_arn = from->table;
    summary.restore_date_time = from->at;
    summary.restore_in_progress = from->in_progress;
  }
  out.deletion_protection_enabled = table.deletion_protection;
  return out;
}

}  // namespace gust::api
