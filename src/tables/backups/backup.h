// Backup: all items of a table as they were at one moment, with what the table was declared to be; and its rows. Any
// thread. Source: BackupDescription of the DynamoDB API. docs/formats/tables.md
#pragma once

#include "base/result.h"
#include "tables/table_rows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gust::tables {

// Which backup: of an account and a region. The id sorts by time.
struct BackupRef {
  AccountId account;
  std::string region;
  std::string id;  // "01489602797149-73d8d5bc"
};

struct Backup {
  enum class Type { kUser, kSystem };  // kSystem: of a table that could be restored to a time, when it was deleted
  enum class Status { kCreating, kAvailable };
  BackupRef ref;
  std::string name;
  Type type = Type::kUser;
  Status status = Status::kCreating;
  WallTime created_at = {};
  std::optional<WallTime> expires_at = {};
  Table table;  // as it was
  std::uint64_t items = 0, bytes = 0;
  std::uint64_t readers = 0;  // restores from it that go on
};

namespace backup_rows {

inline constexpr std::string_view kBackups = "t/b/";

std::string prefix(const AccountId& account, std::string_view region);
std::string key(const BackupRef& ref);
std::string encode(const Backup& backup);
Result<Backup> decode(std::string_view row);  // kCorrupt
// What the rows of its items begin with; they go on as those of the table do.
std::string items_prefix(std::string_view id);

}  // namespace backup_rows
}  // namespace gust::tables
