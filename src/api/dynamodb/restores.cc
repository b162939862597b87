// What a table was at a time: how long that is kept, and restores to it.
#include "api/dynamodb/backups.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/restored.h"

namespace gust::api {
namespace {

constexpr std::int32_t kDays = 35;

}  // namespace

dynamodb::ContinuousBackupsDescription DynamoDbBackups::describe(const tables::Table& table) const {
  dynamodb::ContinuousBackupsDescription out;
  out.continuous_backups_status = "ENABLED";
  auto& recovery = out.point_in_time_recovery_description.emplace();
  recovery.point_in_time_recovery_status = table.recovery ? "ENABLED" : "DISABLED";
  if (!table.recovery) return out;
  const auto window = restores_.window(*table.recovery);
  recovery.recovery_period_in_days = static_cast<std::int32_t>(table.recovery->days);
  recovery.earliest_restorable_date_time = window.earliest;
  recovery.latest_restorable_date_time = window.latest;
  return out;
}

TableReply<dynamodb::DescribeContinuousBackupsOutput> DynamoDbBackups::describe_recovery(
    wire::Call call, dynamodb::DescribeContinuousBackupsInput request) {
  GUST_CO_TRY(const auto place, place_of(call, request.table_name));
  const auto table = co_await catalog_.find(place);
  if (!table && table.error().source == "table")
    co_return wire::fault("TableNotFoundException", fmt::format("Table not found: {}", place.name));
  if (!table) co_return std::unexpected(wire::Fault(table.error()));
  dynamodb::DescribeContinuousBackupsOutput out;
  out.continuous_backups_description = describe(**table);
  co_return out;
}

TableReply<dynamodb::UpdateContinuousBackupsOutput> DynamoDbBackups::update_recovery(
    wire::Call call, dynamodb::UpdateContinuousBackupsInput request) {
  GUST_CO_TRY(const auto place, place_of(call, request.table_name));
  const auto& wanted = request.point_in_time_recovery_specification;
  if (!wanted.point_in_time_recovery_enabled && wanted.recovery_period_in_days)
    co_return bad_parameter("RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true");
  std::optional<std::uint32_t> days;
  if (wanted.point_in_time_recovery_enabled)
    days = static_cast<std::uint32_t>(wanted.recovery_period_in_days.value_or(kDays));
  const auto table = co_await restores_.set_recovery(place, days);
  if (!table && table.error().source == "table")
    co_return wire::fault("TableNotFoundException", fmt::format("Table not found: {}", place.name));
  // It answers no TableInUseException.
  if (!table && table.error().source == "creating")
    co_return wire::fault("ContinuousBackupsUnavailableException", table.error().message);
  if (!table) co_return std::unexpected(wire::Fault(table.error()));
  dynamodb::UpdateContinuousBackupsOutput out;
  out.continuous_backups_description = describe(**table);
  co_return out;
}

TableReply<dynamodb::RestoreTableToPointInTimeOutput> DynamoDbBackups::restore_to_time(
    wire::Call call, dynamodb::RestoreTableToPointInTimeInput request) {
  if (request.source_table_arn.has_value() == request.source_table_name.has_value())
    co_return bad_parameter("Exactly one of SourceTableArn and SourceTableName must be specified");
  const bool latest = request.use_latest_restorable_time.value_or(false);
  if (latest == request.restore_date_time.has_value()) {
    co_return bad_parameter(
        "Exactly one of RestoreDateTime and UseLatestRestorableTime must be specified");
  }
  GUST_CO_TRY(auto source, place_of(call, request.source_table_arn ? *request.source_table_arn
                                                                   : *request.source_table_name));
  GUST_CO_TRY(const auto target, place_of(call, request.target_table_name));
  GUST_CO_TRY(const auto overrides, overrides_of(request));
  tables::Restores::Shaping shaping = [target, overrides](const tables::Table& from) {
    return restored(target, from, overrides);
  };
  const auto table = co_await restores_.to_time(std::move(source), request.restore_date_time, std::move(shaping));
  if (!table) co_return backup_fault(table.error());
  dynamodb::RestoreTableToPointInTimeOutput out;
  out.table_description = api::describe(**table, (*table)->status, {}, (*table)->created_at);
  co_return out;
}

void DynamoDbBackups::add_restores(wire::Service& service) {
  service.on<dynamodb::UpdateContinuousBackups>(
      [this](auto call, auto request) { return update_recovery(std::move(call), std::move(request)); });
  service.on<dynamodb::DescribeContinuousBackups>(
      [this](auto call, auto request) { return describe_recovery(std::move(call), std::move(request)); });
  service.on<dynamodb::RestoreTableToPointInTime>(
      [this](auto call, auto request) { return restore_to_time(std::move(call), std::move(request)); });
}

}  // namespace gust::api
