// DynamoDbTransfers: the operations on exports to buckets and imports from them, over tables::Exports and
// tables::Imports. Files: exports.cc, imports.cc. Loop thread only.
#pragma once

#include "api/dynamodb/shared.h"
#include "tables/transfers/exports.h"
#include "tables/transfers/imports.h"

namespace gust::api {

class DynamoDbTransfers {
 public:
  // All outlive this. Adds its operations to `service`, that of DynamoDB.
  DynamoDbTransfers(wire::Service& service, tables::Exports& exports, tables::Imports& imports, env::Random& random);

 private:
  template <typename T>
  using Reply = TableReply<T>;

  Reply<dynamodb::ExportTableToPointInTimeOutput> begin_export(wire::Call call,
                                                               dynamodb::ExportTableToPointInTimeInput request);
  Reply<dynamodb::DescribeExportOutput> describe_export(wire::Call call, dynamodb::DescribeExportInput request);
  Reply<dynamodb::ListExportsOutput> list_exports(wire::Call call, dynamodb::ListExportsInput request);
  Reply<dynamodb::ImportTableOutput> begin_import(wire::Call call, dynamodb::ImportTableInput request);
  Reply<dynamodb::DescribeImportOutput> describe_import(wire::Call call, dynamodb::DescribeImportInput request);
  Reply<dynamodb::ListImportsOutput> list_imports(wire::Call call, dynamodb::ListImportsInput request);

  void add_exports(wire::Service& service);
  void add_imports(wire::Service& service);

  tables::Exports& exports_;
  tables::Imports& imports_;
  env::Random& random_;
};

// Which export or import an ARN names: "…:table/NAME/export/ID". Nothing when it is none of this account and region.
std::optional<tables::TransferRef> transfer_ref(const wire::Call& call, std::string_view kind, const std::string& arn);
const char* name_of(tables::Progress progress);
// Where a list goes on, as a client gives it back. kInvalid when it is none.
std::string next_token(std::string_view id);
Result<std::string> parse_next_token(std::string_view token);

// What exports write for an item, and what imports read of a line; kInvalid with the words for the log.
void append_export_line(std::string& out, const tables::Item& item);
Result<tables::Item> import_line(std::string_view line);

}  // namespace gust::api
