// DynamoDbBackups: the operations on backups, on restores, and on how long tables can be restored to a time, over
// tables::Backups and tables::Restores. Files: backups.cc, restores.cc. Loop thread only.
#pragma once

#include "api/dynamodb/shared.h"
#include "tables/backups/backups.h"
#include "tables/backups/restores.h"

namespace gust::api {

class DynamoDbBackups {
 public:
  // All outlive this. Adds its operations to `service`, that of DynamoDB.
  DynamoDbBackups(wire::Service& service, tables::Catalog& catalog, tables::Backups& backups,
                  tables::Restores& restores);

 private:
  template <typename T>
  using Reply = TableReply<T>;

  Reply<dynamodb::CreateBackupOutput> create(wire::Call call, dynamodb::CreateBackupInput request);
  Reply<dynamodb::DescribeBackupOutput> describe(wire::Call call, dynamodb::DescribeBackupInput request);
  Reply<dynamodb::ListBackupsOutput> list(wire::Call call, dynamodb::ListBackupsInput request);
  Reply<dynamodb::DeleteBackupOutput> remove(wire::Call call, dynamodb::DeleteBackupInput request);

  Reply<dynamodb::RestoreTableFromBackupOutput> restore(wire::Call call, dynamodb::RestoreTableFromBackupInput request);
  Reply<dynamodb::RestoreTableToPointInTimeOutput> restore_to_time(wire::Call call,
                                                                   dynamodb::RestoreTableToPointInTimeInput request);
  Reply<dynamodb::UpdateContinuousBackupsOutput> update_recovery(wire::Call call,
                                                                 dynamodb::UpdateContinuousBackupsInput request);
  Reply<dynamodb::DescribeContinuousBackupsOutput> describe_recovery(
      wire::Call call, dynamodb::DescribeContinuousBackupsInput request);

  void add_backups(wire::Service& service);
  void add_restores(wire::Service& service);
  dynamodb::ContinuousBackupsDescription describe(const tables::Table& table) const;

  tables::Catalog& catalog_;
  tables::Backups& backups_;
  tables::Restores& restores_;
};

// Errors of tables as these operations say them, which have codes of their own. `backup` is the ARN that was asked for.
std::unexpected<wire::Fault> backup_fault(const Error& error, std::string_view backup = "");

}  // namespace gust::api
