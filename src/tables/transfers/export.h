// Export: a table as it was at a time, written to a bucket; and its row. Any thread. Source: ExportDescription of the
// DynamoDB API. docs/formats/tables.md
#pragma once

#include "base/result.h"
#include "tables/table_rows.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gust::tables {

enum class Progress { kGoing, kCompleted, kFailed };

// Why it failed, as the service calls it, and in words.
struct Failure {
  std::string code = {}, message = {};
};

// Which export, or import: of an account and a region. The id sorts by time.
struct TransferRef {
  AccountId account;
  std::string region;
  std::string id;  // "01693685827463-2d8752fd"
};

// The keys of their rows, behind what those of exports or of imports begin with.
std::string transfers_prefix(std::string_view kind, const AccountId& account, std::string_view region);
std::string transfer_key(std::string_view kind, const TransferRef& ref);

struct Export {
  TransferRef ref;
  Table table;  // as it was declared when the export began
  Progress progress = Progress::kGoing;
  Failure failure = {};
  WallTime started_at = {}, time = {};  // `time`: what the table was then
  std::optional<WallTime> ended_at = {};
  std::string token = {};  // the client's
  std::string bucket, bucket_owner = {};
  std::optional<std::string> prefix = {};
  std::optional<std::string> encryption = {};  // S3SseAlgorithm as it was asked for
  std::uint64_t items = 0, bytes = 0;

  std::string arn() const;
  std::string table_arn() const;
  // What the keys of its objects begin with: "PREFIX/AWSDynamoDB/ID/".
  std::string folder() const;
};

namespace export_rows {

std::string prefix(const AccountId& account, std::string_view region);
std::string key(const TransferRef& ref);
std::string encode(const Export& one);
Result<Export> decode(std::string_view row);  // kCorrupt
// The line of the manifest that says what is in file `n`.
std::string files_prefix(std::string_view id);
std::string file_key(std::string_view id, std::uint64_t n);

}  // namespace export_rows
}  // namespace gust::tables
