// Imports: begin, describe, list.
#include "api/dynamodb/attribute_value.h"
#include "api/dynamodb/declaration.h"
#include "api/dynamodb/description.h"
#include "api/dynamodb/transfers.h"

#include "codec/digest.h"
#include "codec/json.h"

#include <algorithm>

namespace gust::api {
namespace {

using tables::Import;
using tables::ImportFormat;

constexpr std::int32_t kMost = 25;

Result<ImportFormat> format_of(const dynamodb::ImportTableInput& request) {
  const auto& options = request.input_format_options;
  if (request.input_format == "ION")
    return bad_parameter("InputFormat ION is not served by Gust; use DYNAMODB_JSON or CSV");
  const auto compression = request.input_compression_type.value_or("NONE");
  if (compression == "ZSTD")
    return bad_parameter("InputCompressionType ZSTD is not served by Gust; use GZIP or NONE");
  if (request.input_format != "CSV" && options && options->csv)
    return bad_parameter("InputFormatOptions.Csv can only be specified when InputFormat is CSV");
  ImportFormat out;
  out.kind = request.input_format == "CSV" ? ImportFormat::Kind::kCsv : ImportFormat::Kind::kJson;
  out.gzip = compression == "GZIP";
  if (!options || !options->csv) return out;
  if (options->csv->delimiter) out.delimiter = options->csv->delimiter->at(0);
  if (options->csv->header_list) out.header = *options->csv->header_list;
  return out;
}

dynamodb::CreateTableInput creation(const dynamodb::TableCreationParameters& given) {
  dynamodb::CreateTableInput out;
  out.table_name = given.table_name;
  out.attribute_definitions = given.attribute_definitions;
  out.key_schema = given.key_schema;
  out.billing_mode = given.billing_mode;
  out.provisioned_throughput = given.provisioned_throughput;
  out.on_demand_throughput = given.on_demand_throughput;
  out.sse_specification = given.sse_specification;
  out.global_secondary_indexes = given.global_secondary_indexes;
  out.vector_indexes = given.vector_indexes;
  return out;
}

std::optional<dynamodb::ProvisionedThroughput> units_of(
    const std::optional<dynamodb::ProvisionedThroughputDescription>& said) {
  if (!said || said->read_capacity_units.value_or(0) == 0) return std::nullopt;
  return dynamodb::ProvisionedThroughput{*said->read_capacity_units, said->write_capacity_units.value_or(0)};
}

dynamodb::TableCreationParameters parameters(const tables::Table& table) {
  const auto said = describe(table, table.status, {}, table.created_at);
  dynamodb::TableCreationParameters out;
  out.table_name = table.name.str();
  out.attribute_definitions = *said.attribute_definitions;
  out.key_schema = *said.key_schema;
  out.billing_mode = table.billing == tables::BillingMode::kOnDemand ? "PAY_PER_REQUEST" : "PROVISIONED";
  out.provisioned_throughput = units_of(said.provisioned_throughput);
  if (!said.global_secondary_indexes) return out;
  auto& indexes = out.global_secondary_indexes.emplace();
  for (const auto& index : *said.global_secondary_indexes) {
    dynamodb::GlobalSecondaryIndex one;
    one.index_name = *index.index_name;
    one.key_schema = *index.key_schema;
    one.projection = *index.projection;
    one.provisioned_throughput = units_of(index.provisioned_throughput);
    indexes.push_back(std::move(one));
  }
  return out;
}

dynamodb::S3BucketSource source(const Import& one) {
  dynamodb::S3BucketSource out;
  out.s3_bucket = one.bucket;
  if (!one.bucket_owner.empty()) out.s3_bucket_owner = one.bucket_owner;
  if (!one.prefix.empty()) out.s3_key_prefix = one.prefix;
  return out;
}

std::string log_group(const Import& one) {
  return fmt::format("arn:aws:logs:{}:{}:log-group:/aws-dynamodb/imports:*", one.ref.region, one.ref.account);
}

const char* format_name(const Import& one) {
  return one.format.kind == ImportFormat::Kind::kCsv ? "CSV" : "DYNAMODB_JSON";
}

dynamodb::ImportTableDescription description(const Import& one) {
  dynamodb::ImportTableDescription out;
  out.import_arn = one.arn();
  out.import_status = name_of(one.progress);
  out.table_arn = one.table_arn();
  out.table_id = one.table.id;
  out.client_token = one.token;
  out.s3_bucket_source = source(one);
  out.cloud_watch_log_group_arn = log_group(one);
  out.input_format = format_name(one);
  if (one.format.kind == ImportFormat::Kind::kCsv) {
    auto& csv = out.input_format_options.emplace().csv.emplace();
    csv.delimiter = std::string(1, one.format.delimiter);
    if (!one.format.header.empty()) csv.header_list = one.format.header;
  }
  out.input_compression_type = one.format.gzip ? "GZIP" : "NONE";
  out.table_creation_parameters = parameters(one.table);
  out.start_time = one.started_at;
  out.end_time = one.ended_at;
  out.processed_size_bytes = static_cast<std::int64_t>(one.bytes);
  out.processed_item_count = static_cast<std::int64_t>(one.processed);
  out.imported_item_count = static_cast<std::int64_t>(one.imported);
  out.error_count = static_cast<std::int64_t>(one.errors);
  if (!one.failure.code.empty()) {
    out.failure_code = one.failure.code;
    out.failure_message = one.failure.message;
  }
  return out;
}

dynamodb::ImportSummary summary(const Import& one) {
  dynamodb::ImportSummary out;
  out.import_arn = one.arn();
  out.import_status = name_of(one.progress);
  out.table_arn = one.table_arn();
  out.s3_bucket_source = source(one);
  out.cloud_watch_log_group_arn = log_group(one);
  out.input_format = format_name(one);
  out.start_time = one.started_at;
  out.end_time = one.ended_at;
  return out;
}

}  // namespace

Result<tables::Item> import_line(std::string_view line) {
  const auto document = codec::parse_json(line, 2 * tables::kMaxDepth + 8);
  if (!document) return fail(Code::kInvalid, "Unexpected token: " + document.error().message);
  const auto* item = document->is_object() ? document->get_object().if_contains("Item") : nullptr;
  if (item == nullptr) return fail(Code::kInvalid, "Expected 'Item' top level container");
  return item_from(*item);
}

TableReply<dynamodb::ImportTableOutput> DynamoDbTransfers::begin_import(wire::Call call,
                                                                        dynamodb::ImportTableInput request) {
  Import wanted;
  GUST_CO_TRY(wanted.format, format_of(request));
  // Times are given when the table is made: a request that is sent again is the same one.
  GUST_CO_TRY(wanted.table, declared(call, creation(request.table_creation_parameters), WallTime()));
  wanted.table.on_demand_since.reset();
  wanted.ref.account = wanted.table.account;
  wanted.ref.region = wanted.table.region;
  wanted.bucket = request.s3_bucket_source.s3_bucket;
  wanted.bucket_owner = request.s3_bucket_source.s3_bucket_owner.value_or("");
  wanted.prefix = request.s3_bucket_source.s3_key_prefix.value_or("");
  wanted.token = request.client_token.value_or(random_.uuid());
  // All that was said but the token: without an id and times the row is that.
  auto said = wanted;
  said.token.clear();
  auto digest = codec::sha256_hex(tables::import_rows::encode(said));
  const auto one = co_await imports_.create(std::move(wanted), std::move(digest));
  if (!one && one.error().source == "token") co_return wire::fault("ImportConflictException", one.error().message);
  if (!one) co_return std::unexpected(wire::Fault(one.error()));
  dynamodb::ImportTableOutput out;
  out.import_table_description = description(*one);
  co_return out;
}

TableReply<dynamodb::DescribeImportOutput> DynamoDbTransfers::describe_import(wire::Call call,
                                                                              dynamodb::DescribeImportInput request) {
  const auto not_found = [&] {
    return wire::fault("ImportNotFoundException", "Import not found: " + request.import_arn);
  };
  auto ref = transfer_ref(call, "import", request.import_arn);
  if (!ref) co_return not_found();
  const auto one = co_await imports_.find(*std::move(ref));
  if (!one && one.error().source == "import") co_return not_found();
  if (!one) co_return std::unexpected(wire::Fault(one.error()));
  if (one->arn() != request.import_arn) co_return not_found();
  dynamodb::DescribeImportOutput out;
  out.import_table_description = description(*one);
  co_return out;
}

TableReply<dynamodb::ListImportsOutput> DynamoDbTransfers::list_imports(wire::Call call,
                                                                        dynamodb::ListImportsInput request) {
  tables::Imports::Query query{call.context.principal.account, call.context.region};
  if (request.table_arn) {
    GUST_CO_TRY(auto place, place_of(call, *request.table_arn));
    query.table = std::move(place.name);
  }
  if (request.next_token) {
    GUST_CO_TRY(query.before, parse_next_token(*request.next_token));
  }
  query.limit = static_cast<std::size_t>(request.page_size.value_or(kMost));
  GUST_CO_TRY(const auto found, co_await imports_.list(std::move(query)));
  dynamodb::ListImportsOutput out;
  out.import_summary_list.emplace();
  std::ranges::transform(found.imports, std::back_inserter(*out.import_summary_list), summary);
  if (found.more) out.next_token = next_token(found.imports.back().ref.id);
  co_return out;
}

void DynamoDbTransfers::add_imports(wire::Service& service) {
  service.on<dynamodb::ImportTable>(
      [this](auto call, auto request) { return begin_import(std::move(call), std::move(request)); });
  service.on<dynamodb::DescribeImport>(
      [this](auto call, auto request) { return describe_import(std::move(call), std::move(request)); });
  service.on<dynamodb::ListImports>(
      [this](auto call, auto request) { return list_imports(std::move(call), std::move(request)); });
}

}  // namespace gust::api
