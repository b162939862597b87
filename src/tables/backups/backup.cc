#include "tables/backups/backup.h"

#include "codec/json.h"
#include "kv/key.h"
#include "tables/json_row.h"

namespace gust::tables::backup_rows {
namespace {

namespace json = boost::json;

}  // namespace

std::string prefix(const AccountId& account, std::string_view region) {
  std::string out(kBackups);
  kv::append_text(out, account.str());
  kv::append_text(out, region);
  return out;
}

std::string key(const BackupRef& ref) {
  auto out = prefix(ref.account, ref.region);
  kv::append_text(out, ref.id);
  return out;
}

std::string items_prefix(std::string_view id) { return std::string("t/d/").append(id).append("/"); }

std::string encode(const Backup& backup) {
  json::object out{
      {"account", backup.ref.account.str()},
      {"region", backup.ref.region},
      {"id", backup.ref.id},
      {"name", backup.name},
      {"type", backup.type == Backup::Type::kUser ? "user" : "system"},
      {"status", backup.status == Backup::Status::kCreating ? "creating" : "available"},
      {"created", to_epoch_ms(backup.created_at)},
      {"table", table_rows::encode(backup.table)},
      {"items", backup.items},
      {"bytes", backup.bytes},
      {"readers", backup.readers},
  };
  if (backup.expires_at) out["expires"] = to_epoch_ms(*backup.expires_at);
  return codec::to_json(out);
}

Result<Backup> decode(std::string_view row) {
  Backup out;
  std::string table;
  const auto read = [&](const json::object& from) {
    out.ref = {AccountId(text_of(from, "account")), text_of(from, "region"), text_of(from, "id")};
    out.name = text_of(from, "name");
    out.type = text_of(from, "type") == "user" ? Backup::Type::kUser : Backup::Type::kSystem;
    out.status = text_of(from, "status") == "creating" ? Backup::Status::kCreating : Backup::Status::kAvailable;
    out.created_at = time_of(from, "created");
    if (from.contains("expires")) out.expires_at = time_of(from, "expires");
    table = text_of(from, "table");
    out.items = from.at("items").to_number<std::uint64_t>();
    out.bytes = from.at("bytes").to_number<std::uint64_t>();
    out.readers = from.at("readers").to_number<std::uint64_t>();
    return true;
  };
  GUST_CHECK(read_json_row(row, "a row of a backup", read));
  GUST_TRY(out.table, table_rows::decode_table(table));
  return out;
}

}  // namespace gust::tables::backup_rows
