// Backups: create, describe, list, delete.
#include "api/dynamodb/backups.h"

#include "api/dynamodb/description.h"
#include "api/dynamodb/restored.h"

#include <algorithm>

namespace gust::api {
namespace {

using tables::Backup;
using tables::BackupRef;
using tables::Scope;

constexpr std::string_view kInTheArn = "/backup/";

struct Named {
  BackupRef ref;
  std::string table;
};

// What an ARN names. Another account's or region's is not found, as this one's are not that were never there.
std::expected<Named, wire::Fault> named(const wire::Call& call, const std::string& text) {
  const auto arn = Arn::parse(text);
  const auto at = arn ? arn->resource.find(kInTheArn) : std::string::npos;
  if (!arn || arn->service != "dynamodb" || !arn->resource.starts_with("table/") || at == std::string::npos)
    return std::unexpected(wire::Fault(bad_request("Invalid BackupArn: " + text).error()));
  if (arn->account != call.context.principal.account.str() || arn->region != call.context.region)
    return wire::fault("BackupNotFoundException", "Backup not found: " + text);
  return Named{{call.context.principal.account, arn->region, arn->resource.substr(at + kInTheArn.size())},
               arn->resource.substr(6, at - 6)};
}

std::string arn_of(const Backup& backup) {
  return table_arn(backup.table) + std::string(kInTheArn) + backup.ref.id;
}

const char* type_of(const Backup& backup) { return backup.type == Backup::Type::kUser ? "USER" : "SYSTEM"; }

dynamodb::BackupDetails details(const Backup& backup) {
  dynamodb::BackupDetails out;
  out.backup_arn = arn_of(backup);
  out.backup_name = backup.name;
  out.backup_size_bytes = static_cast<std::int64_t>(backup.bytes);
  out.backup_status = backup.status == Backup::Status::kCreating ? "CREATING" : "AVAILABLE";
  out.backup_type = type_of(backup);
  out.backup_creation_date_time = backup.created_at;
  out.backup_expiry_date_time = backup.expires_at;
  return out;
}

dynamodb::SourceTableDetails source(const Backup& backup) {
  const auto& table = backup.table;
  const auto said = describe(table, table.status, {}, backup.created_at);
  dynamodb::SourceTableDetails out;
  out.table_name = table.name.str();
  out.table_id = table.id;
  out.table_arn = table_arn(table);
  out.table_size_bytes = static_cast<std::int64_t>(backup.bytes);
  out.item_count = static_cast<std::int64_t>(backup.items);
  out.key_schema = *said.key_schema;
  out.table_creation_date_time = table.created_at;
  out.provisioned_throughput = {static_cast<std::int64_t>(table.throughput.read),
                                static_cast<std::int64_t>(table.throughput.write)};
  out.billing_mode = table.billing == tables::BillingMode::kOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED";
  return out;
}

dynamodb::SourceTableFeatureDetails features(const Backup& backup) {
  const auto& table = backup.table;
  const auto said = describe(table, table.status, {}, backup.created_at);
  dynamodb::SourceTableFeatureDetails out;
  if (const auto& local = said.local_secondary_indexes) {
    auto& list = out.local_secondary_indexes.emplace();
    for (const auto& one : *local) list.push_back({one.index_name, one.key_schema, one.projection});
  }
  if (const auto& global = said.global_secondary_indexes) {
    auto& list = out.global_secondary_indexes.emplace();
    for (const auto& one : *global) {
      dynamodb::GlobalSecondaryIndexInfo info;
      info.index_name = one.index_name;
      info.key_schema = one.key_schema;
      info.projection = one.projection;
      const auto& units = *one.provisioned_throughput;
      info.provisioned_throughput.emplace(units.read_capacity_units.value_or(0),
                                          units.write_capacity_units.value_or(0));
      list.push_back(std::move(info));
    }
  }
  out.stream_description = said.stream_specification;
  if (!table.ttl_attribute.empty()) out.time_to_live_description = {table.ttl_attribute, "ENABLED"};
  return out;
}

dynamodb::BackupDescription description(const Backup& backup) {
  dynamodb::BackupDescription out;
  out.backup_details = details(backup);
  out.source_table_details = source(backup);
  out.source_table_feature_details = features(backup);
  return out;
}

dynamodb::BackupSummary summary(const Backup& backup) {
  auto said = details(backup);
  dynamodb::BackupSummary out;
  out.table_name = backup.table.name.str();
  out.table_id = backup.table.id;
  out.table_arn = table_arn(backup.table);
  out.backup_arn = std::move(said.backup_arn);
  out.backup_name = std::move(said.backup_name);
  out.backup_creation_date_time = said.backup_creation_date_time;
  out.backup_expiry_date_time = said.backup_expiry_date_time;
  out.backup_status = std::move(said.backup_status);
  out.backup_type = std::move(said.backup_type);
  out.backup_size_bytes = said.backup_size_bytes;
  return out;
}

}  // namespace

std::unexpected<wire::Fault> backup_fault(const Error& error, std::string_view backup) {
  const auto& source = error.source;
  if (source == "backup") return wire::fault("BackupNotFoundException", fmt::format("Backup not found: {}", backup));
  if (source == "backup in use")
    return wire::fault("BackupInUseException", fmt::format("Backup is in use: {}: {}", backup, error.message));
  if (source == "creating") return wire::fault("TableInUseException", error.message);
  if (source == "recovery") return wire::fault("PointInTimeRecoveryUnavailableException", error.message);
  if (source == "time") return wire::fault("InvalidRestoreTimeException", error.message);
  if (source == "source table") return wire::fault("TableNotFoundException", error.message);
  if (source == "table" && error.code == Code::kNotFound) return wire::fault("TableNotFoundException", error.message);
  if (source == "table" && error.code == Code::kAlreadyExists)
    return wire::fault("TableAlreadyExistsException", error.message);
  return std::unexpected(wire::Fault(error));
}

DynamoDbBackups::DynamoDbBackups(wire::Service& service, tables::Catalog& catalog, tables::Backups& backups,
                                 tables::Restores& restores)
    : catalog_(catalog), backups_(backups), restores_(restores) {
  add_backups(service);
  add_restores(service);
}

TableReply<dynamodb::CreateBackupOutput> DynamoDbBackups::create(wire::Call call,
                                                                 dynamodb::CreateBackupInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_name));
  const auto backup = co_await backups_.create(std::move(place), std::move(request.backup_name));
  if (!backup) co_return backup_fault(backup.error());
  dynamodb::CreateBackupOutput out;
  out.backup_details = details(*backup);
  co_return out;
}

TableReply<dynamodb::DescribeBackupOutput> DynamoDbBackups::describe(wire::Call call,
                                                                     dynamodb::DescribeBackupInput request) {
  GUST_CO_TRY(auto which, named(call, request.backup_arn));
  const auto backup = co_await backups_.find(std::move(which.ref));
  if (!backup) co_return backup_fault(backup.error(), request.backup_arn);
  if (backup->table.name.str() != which.table)
    co_return wire::fault("BackupNotFoundException", "Backup not found: " + request.backup_arn);
  dynamodb::DescribeBackupOutput out;
  out.backup_description = description(*backup);
  co_return out;
}

TableReply<dynamodb::DeleteBackupOutput> DynamoDbBackups::remove(wire::Call call,
                                                                 dynamodb::DeleteBackupInput request) {
  GUST_CO_TRY(auto which, named(call, request.backup_arn));
  const auto backup = co_await backups_.remove(std::move(which.ref));
  if (!backup) co_return backup_fault(backup.error(), request.backup_arn);
  dynamodb::DeleteBackupOutput out;
  out.backup_description = description(*backup);
  out.backup_description->backup_details->backup_status = "DELETED";
  co_return out;
}

TableReply<dynamodb::ListBackupsOutput> DynamoDbBackups::list(wire::Call call, dynamodb::ListBackupsInput request) {
  constexpr std::int32_t kMost = 100;
  tables::Backups::Wanted wanted{call.context.principal.account, call.context.region};
  if (request.table_name) {
    GUST_CO_TRY(auto place, place_of(call, *request.table_name));
    wanted.table = std::move(place.name);
  }
  const auto type = request.backup_type.value_or("USER");
  if (type == "AWS_BACKUP") {
    dynamodb::ListBackupsOutput none;
    none.backup_summaries.emplace();
    co_return none;
  }
  if (type != "ALL") wanted.type = type == "USER" ? Backup::Type::kUser : Backup::Type::kSystem;
  wanted.from = request.time_range_lower_bound;
  wanted.to = request.time_range_upper_bound;
  if (request.exclusive_start_backup_arn) {
    GUST_CO_TRY(auto after, named(call, *request.exclusive_start_backup_arn));
    wanted.after = std::move(after.ref.id);
  }
  wanted.limit = static_cast<std::size_t>(request.limit.value_or(kMost));
  GUST_CO_TRY(const auto found, co_await backups_.list(std::move(wanted)));
  dynamodb::ListBackupsOutput out;
  out.backup_summaries.emplace();
  std::ranges::transform(found.backups, std::back_inserter(*out.backup_summaries), summary);
  if (found.more) out.last_evaluated_backup_arn = arn_of(found.backups.back());
  co_return out;
}

TableReply<dynamodb::RestoreTableFromBackupOutput> DynamoDbBackups::restore(
    wire::Call call, dynamodb::RestoreTableFromBackupInput request) {
  GUST_CO_TRY(auto which, named(call, request.backup_arn));
  GUST_CO_TRY(const auto target, place_of(call, request.target_table_name));
  GUST_CO_TRY(const auto overrides, overrides_of(request));
  tables::Restores::Shaping shaping = [target, overrides](const tables::Table& from) {
    return restored(target, from, overrides);
  };
  const auto table = co_await restores_.from_backup(std::move(which.ref), std::move(shaping));
  if (!table) co_return backup_fault(table.error(), request.backup_arn);
  dynamodb::RestoreTableFromBackupOutput out;
  out.table_description = api::describe(**table, (*table)->status, {}, (*table)->created_at);
  co_return out;
}

void DynamoDbBackups::add_backups(wire::Service& service) {
  service.on<dynamodb::CreateBackup>(
      [this](auto call, auto request) { return create(std::move(call), std::move(request)); });
  service.on<dynamodb::DescribeBackup>(
      [this](auto call, auto request) { return describe(std::move(call), std::move(request)); });
  service.on<dynamodb::ListBackups>(
      [this](auto call, auto request) { return list(std::move(call), std::move(request)); });
  service.on<dynamodb::DeleteBackup>(
      [this](auto call, auto request) { return remove(std::move(call), std::move(request)); });
  service.on<dynamodb::RestoreTableFromBackup>(
      [this](auto call, auto request) { return restore(std::move(call), std::move(request)); });
}

}  // namespace gust::api
