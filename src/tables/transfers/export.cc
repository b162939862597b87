#include "tables/transfers/export.h"

#include "codec/json.h"
#include "kv/key.h"
#include "tables/json_row.h"

#include <fmt/format.h>

namespace gust::tables {
namespace {

namespace json = boost::json;

constexpr std::string_view kExports = "t/o/";

std::optional<std::string> maybe_text(const json::object& from, const char* name) {
  if (!from.contains(name)) return std::nullopt;
  return text_of(from, name);
}

}  // namespace

std::string transfers_prefix(std::string_view kind, const AccountId& account, std::string_view region) {
  std::string out(kind);
  kv::append_text(out, account.str());
  kv::append_text(out, region);
  return out;
}

std::string transfer_key(std::string_view kind, const TransferRef& ref) {
  auto out = transfers_prefix(kind, ref.account, ref.region);
  kv::append_text(out, ref.id);
  return out;
}

std::string Export::table_arn() const {
  return fmt::format("arn:aws:dynamodb:{}:{}:table/{}", table.region, table.account, table.name);
}

std::string Export::arn() const { return table_arn() + "/export/" + ref.id; }

std::string Export::folder() const {
  auto out = prefix.value_or("");
  if (!out.empty() && !out.ends_with('/')) out += '/';
  return out + "AWSDynamoDB/" + ref.id + "/";
}

namespace export_rows {

std::string prefix(const AccountId& account, std::string_view region) {
  return transfers_prefix(kExports, account, region);
}
std::string key(const TransferRef& ref) { return transfer_key(kExports, ref); }

std::string files_prefix(std::string_view id) { return std::string("t/u/").append(id).append("/"); }

std::string file_key(std::string_view id, std::uint64_t n) {
  auto out = files_prefix(id);
  kv::append_number(out, n);
  return out;
}

std::string encode(const Export& one) {
  json::object out{
      {"account", one.ref.account.str()},
      {"region", one.ref.region},
      {"id", one.ref.id},
      {"table", table_rows::encode(one.table)},
      {"progress", static_cast<int>(one.progress)},
      {"failure_code", one.failure.code},
      {"failure", one.failure.message},
      {"started", to_epoch_ms(one.started_at)},
      {"time", to_epoch_ms(one.time)},
      {"token", one.token},
      {"bucket", one.bucket},
      {"owner", one.bucket_owner},
      {"items", one.items},
      {"bytes", one.bytes},
  };
  if (one.ended_at) out["ended"] = to_epoch_ms(*one.ended_at);
  if (one.prefix) out["prefix"] = *one.prefix;
  if (one.encryption) out["encryption"] = *one.encryption;
  return codec::to_json(out);
}

Result<Export> decode(std::string_view row) {
  Export out;
  std::string table;
  const auto read = [&](const json::object& from) {
    out.ref = {AccountId(text_of(from, "account")), text_of(from, "region"), text_of(from, "id")};
    table = text_of(from, "table");
    out.progress = static_cast<Progress>(from.at("progress").to_number<int>());
    out.failure = {text_of(from, "failure_code"), text_of(from, "failure")};
    out.started_at = time_of(from, "started");
    out.time = time_of(from, "time");
    out.token = text_of(from, "token");
    out.bucket = text_of(from, "bucket");
    out.bucket_owner = text_of(from, "owner");
    out.items = from.at("items").to_number<std::uint64_t>();
    out.bytes = from.at("bytes").to_number<std::uint64_t>();
    if (from.contains("ended")) out.ended_at = time_of(from, "ended");
    out.prefix = maybe_text(from, "prefix");
    out.encryption = maybe_text(from, "encryption");
    return true;
  };
  GUST_CHECK(read_json_row(row, "a row of an export", read));
  if (out.progress < Progress::kGoing || out.progress > Progress::kFailed)
    return fail(Code::kCorrupt, "a row of an export has no progress");
  GUST_TRY(out.table, table_rows::decode_table(table));
  return out;
}

}  // namespace export_rows
}  // namespace gust::tables
