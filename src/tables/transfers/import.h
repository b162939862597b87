// Import: a new table from objects in a bucket; and its row. Any thread. Source: ImportTableDescription of the DynamoDB
// API. docs/formats/tables.md
#pragma once

#include "tables/transfers/export.h"

#include <vector>

namespace gust::tables {

// How the objects are to be read.
struct ImportFormat {
  enum class Kind { kJson, kCsv };
  Kind kind = Kind::kJson;
  bool gzip = false;
  char delimiter = ',';                      // of kCsv
  std::vector<std::string> header = {};      // of kCsv; empty: the first line of each object
};

struct Import {
  TransferRef ref;
  Table table;  // that comes to be
  Progress progress = Progress::kGoing;
  Failure failure = {};
  WallTime started_at = {};
  std::optional<WallTime> ended_at = {};
  std::string token = {};  // the client's
  std::string bucket, bucket_owner = {};
  std::string prefix = {};
  ImportFormat format = {};
  std::uint64_t bytes = 0, processed = 0, imported = 0, errors = 0;

  std::string arn() const;
  std::string table_arn() const;
};

namespace import_rows {

std::string prefix(const AccountId& account, std::string_view region);
std::string key(const TransferRef& ref);
std::string encode(const Import& one);
Result<Import> decode(std::string_view row);  // kCorrupt

}  // namespace import_rows
}  // namespace gust::tables
