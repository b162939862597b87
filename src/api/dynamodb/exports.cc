// Exports: begin, describe, list.
#include "api/dynamodb/attribute_value.h"
#include "api/dynamodb/backups.h"
#include "api/dynamodb/transfers.h"

#include "codec/digest.h"
#include "codec/hex.h"

namespace gust::api {
namespace {

using tables::Export;

constexpr std::int32_t kMost = 25;
constexpr std::size_t kTokenDigits = 112, kIdLength = 23;

Result<void> refuse_unserved(const dynamodb::ExportTableToPointInTimeInput& request) {
  if (request.export_format.value_or("DYNAMODB_JSON") != "DYNAMODB_JSON")
    return bad_parameter("ExportFormat ION is not served by Gust; use DYNAMODB_JSON");
  if (request.export_type.value_or("FULL_EXPORT") != "FULL_EXPORT")
    return bad_parameter("ExportType INCREMENTAL_EXPORT is not served by Gust; use FULL_EXPORT");
  if (request.incremental_export_specification)
    return bad_parameter("IncrementalExportSpecification can only be specified when ExportType is INCREMENTAL_EXPORT");
  if (request.s3_sse_algorithm.value_or("AES256") != "AES256" || request.s3_sse_kms_key_id)
    return bad_parameter("S3SseAlgorithm KMS and S3SseKmsKeyId are not served by Gust; use AES256");
  return {};
}

dynamodb::ExportDescription description(const Export& one) {
  dynamodb::ExportDescription out;
  out.export_arn = one.arn();
  out.export_status = name_of(one.progress);
  out.start_time = one.started_at;
  out.end_time = one.ended_at;
  out.table_arn = one.table_arn();
  out.table_id = one.table.id;
  out.export_time = one.time;
  out.client_token = one.token;
  out.s3_bucket = one.bucket;
  if (!one.bucket_owner.empty()) out.s3_bucket_owner = one.bucket_owner;
  out.s3_prefix = one.prefix;
  out.s3_sse_algorithm = one.encryption.value_or("AES256");
  out.export_format = "DYNAMODB_JSON";
  out.export_type = "FULL_EXPORT";
  if (!one.failure.code.empty()) {
    out.failure_code = one.failure.code;
    out.failure_message = one.failure.message;
  }
  if (one.progress != tables::Progress::kCompleted) return out;
  out.export_manifest = one.folder() + "manifest-summary.json";
  out.billed_size_bytes = static_cast<std::int64_t>(one.bytes);
  out.item_count = static_cast<std::int64_t>(one.items);
  return out;
}

std::unexpected<wire::Fault> export_fault(const Error& error) {
  if (error.source == "time") return wire::fault("InvalidExportTimeException", error.message);
  if (error.source == "token") return wire::fault("ExportConflictException", error.message);
  return backup_fault(error);
}

}  // namespace

const char* name_of(tables::Progress progress) {
  constexpr const char* kNames[] = {"IN_PROGRESS", "COMPLETED", "FAILED"};
  return kNames[static_cast<std::size_t>(progress)];
}

std::optional<tables::TransferRef> transfer_ref(const wire::Call& call, std::string_view kind,
                                                const std::string& text) {
  const auto arn = Arn::parse(text);
  const auto before = fmt::format("/{}/", kind);
  const auto at = arn ? arn->resource.find(before) : std::string::npos;
  if (!arn || arn->service != "dynamodb" || !arn->resource.starts_with("table/") || at == std::string::npos)
    return std::nullopt;
  if (arn->account != call.context.principal.account.str() || arn->region != call.context.region) return std::nullopt;
  return tables::TransferRef{call.context.principal.account, arn->region, arn->resource.substr(at + before.size())};
}

// Sixteen hexadecimal digits and their multiples, 112 at least.
std::string next_token(std::string_view id) {
  auto out = codec::to_hex(id);
  out.resize(kTokenDigits, '0');
  return out;
}

Result<std::string> parse_next_token(std::string_view token) {
  auto bytes = codec::from_hex(token);
  if (bytes && token.size() == kTokenDigits && next_token(bytes->substr(0, kIdLength)) == token)
    return bytes->substr(0, kIdLength);
  return bad_request("Invalid NextToken: " + std::string(token.substr(0, 200)));
}

void append_export_line(std::string& out, const tables::Item& item) {
  out += R"({"Item":)";
  append_json(out, item);
  out += "}\n";
}

DynamoDbTransfers::DynamoDbTransfers(wire::Service& service, tables::Exports& exports, tables::Imports& imports,
                                     env::Random& random)
    : exports_(exports), imports_(imports), random_(random) {
  add_exports(service);
  add_imports(service);
}

TableReply<dynamodb::ExportTableToPointInTimeOutput> DynamoDbTransfers::begin_export(
    wire::Call call, dynamodb::ExportTableToPointInTimeInput request) {
  GUST_CO_TRY(auto place, place_of(call, request.table_arn));
  GUST_CO_CHECK(refuse_unserved(request));
  tables::Exports::Wanted wanted;
  wanted.place = std::move(place);
  wanted.time = request.export_time;
  wanted.bucket = request.s3_bucket;
  wanted.bucket_owner = request.s3_bucket_owner.value_or("");
  wanted.prefix = request.s3_prefix;
  wanted.encryption = request.s3_sse_algorithm;
  wanted.token = request.client_token.value_or(random_.uuid());
  wanted.digest = codec::sha256_hex(fmt::format(
      "{}\n{}\n{}\n{}\n{}", wanted.place.name, wanted.time ? to_epoch_ms(*wanted.time) : 0, wanted.bucket,
      wanted.bucket_owner, wanted.prefix.value_or("")));
  const auto one = co_await exports_.create(std::move(wanted));
  if (!one) co_return export_fault(one.error());
  dynamodb::ExportTableToPointInTimeOutput out;
  out.export_description = description(*one);
  co_return out;
}

TableReply<dynamodb::DescribeExportOutput> DynamoDbTransfers::describe_export(wire::Call call,
                                                                              dynamodb::DescribeExportInput request) {
  const auto not_found = [&] {
    return wire::fault("ExportNotFoundException", "Export not found: " + request.export_arn);
  };
  auto ref = transfer_ref(call, "export", request.export_arn);
  if (!ref) co_return not_found();
  const auto one = co_await exports_.find(*std::move(ref));
  if (!one && one.error().source == "export") co_return not_found();
  if (!one) co_return std::unexpected(wire::Fault(one.error()));
  if (one->arn() != request.export_arn) co_return not_found();
  dynamodb::DescribeExportOutput out;
  out.export_description = description(*one);
  co_return out;
}

TableReply<dynamodb::ListExportsOutput> DynamoDbTransfers::list_exports(wire::Call call,
                                                                        dynamodb::ListExportsInput request) {
  tables::Exports::Query query{call.context.principal.account, call.context.region};
  if (request.table_arn) {
    GUST_CO_TRY(auto place, place_of(call, *request.table_arn));
    query.table = std::move(place.name);
  }
  if (request.next_token) {
    GUST_CO_TRY(query.after, parse_next_token(*request.next_token));
  }
  query.limit = static_cast<std::size_t>(request.max_results.value_or(kMost));
  GUST_CO_TRY(const auto found, co_await exports_.list(std::move(query)));
  dynamodb::ListExportsOutput out;
  out.export_summaries.emplace();
  for (const auto& one : found.exports)
    out.export_summaries->push_back({one.arn(), name_of(one.progress), "FULL_EXPORT"});
  if (found.more) out.next_token = next_token(found.exports.back().ref.id);
  co_return out;
}

void DynamoDbTransfers::add_exports(wire::Service& service) {
  service.on<dynamodb::ExportTableToPointInTime>(
      [this](auto call, auto request) { return begin_export(std::move(call), std::move(request)); });
  service.on<dynamodb::DescribeExport>(
      [this](auto call, auto request) { return describe_export(std::move(call), std::move(request)); });
  service.on<dynamodb::ListExports>(
      [this](auto call, auto request) { return list_exports(std::move(call), std::move(request)); });
}

}  // namespace gust::api
