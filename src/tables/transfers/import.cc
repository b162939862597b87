#include "tables/transfers/import.h"

#include "codec/json.h"
#include "tables/json_row.h"

#include <boost/json/value_from.hpp>
#include <boost/json/value_to.hpp>
#include <fmt/format.h>

#include <stdexcept>

namespace gust::tables {
namespace {

namespace json = boost::json;

constexpr std::string_view kImports = "t/a/";

std::uint64_t number_of(const json::object& from, const char* name) { return from.at(name).to_number<std::uint64_t>(); }

json::object write(const ImportFormat& format) {
  return {{"kind", format.kind == ImportFormat::Kind::kJson ? "json" : "csv"},
          {"gzip", format.gzip},
          {"delimiter", std::string(1, format.delimiter)},
          {"header", json::value_from(format.header)}};
}

ImportFormat read_format(const json::object& from) {
  const auto delimiter = text_of(from, "delimiter");
  if (delimiter.size() != 1) throw std::out_of_range("the delimiter is not one character");
  return {text_of(from, "kind") == "json" ? ImportFormat::Kind::kJson : ImportFormat::Kind::kCsv,
          from.at("gzip").as_bool(), delimiter[0], json::value_to<std::vector<std::string>>(from.at("header"))};
}

}  // namespace

std::string Import::table_arn() const {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", table.region, table.account, table.name);
}

std::string Import::arn() const { return table_arn() + "/import/" + ref.id; }

namespace import_rows {

std::string prefix(const AccountId& account, std::string_view region) {
  return transfers_prefix(kImports, account, region);
}
std::string key(const TransferRef& ref) { return transfer_key(kImports, ref); }

std::string encode(const Import& one) {
  json::object out{
      {"account", one.ref.account.str()},
      {"region", one.ref.region},
      {"id", one.ref.id},
      {"table", table_rows::encode(one.table)},
      {"progress", static_cast<int>(one.progress)},
      {"failure_code", one.failure.code},
      {"failure", one.failure.message},
      {"started", to_epoch_ms(one.started_at)},
      {"token", one.token},
      {"bucket", one.bucket},
      {"owner", one.bucket_owner},
      {"prefix", one.prefix},
      {"format", write(one.format)},
      {"bytes", one.bytes},
      {"processed", one.processed},
      {"imported", one.imported},
      {"errors", one.errors},
  };
  if (one.ended_at) out["ended"] = to_epoch_ms(*one.ended_at);
  return codec::to_json(out);
}

Result<Import> decode(std::string_view row) {
  Import out;
  std::string table;
  const auto read = [&](const json::object& from) {
    out.ref = {AccountId(text_of(from, "account")), text_of(from, "region"), text_of(from, "id")};
    table = text_of(from, "table");
    out.progress = static_cast<Progress>(from.at("progress").to_number<int>());
    out.failure = {text_of(from, "failure_code"), text_of(from, "failure")};
    out.started_at = time_of(from, "started");
    if (from.contains("ended")) out.ended_at = time_of(from, "ended");
    out.token = text_of(from, "token");
    out.bucket = text_of(from, "bucket");
    out.bucket_owner = text_of(from, "owner");
    out.prefix = text_of(from, "prefix");
    out.format = read_format(from.at("format").as_object());
    out.bytes = number_of(from, "bytes");
    out.processed = number_of(from, "processed");
    out.imported = number_of(from, "imported");
    out.errors = number_of(from, "errors");
    return true;
  };
  GUST_CHECK(read_json_row(row, "a row of an import", read));
  if (out.progress < Progress::kGoing || out.progress > Progress::kFailed)
    return fail(Code::kCorrupt, "a row of an import has no progress");
  GUST_TRY(out.table, table_rows::decode_table(table));
  return out;
}

}  // namespace import_rows
}  // namespace gust::tables
