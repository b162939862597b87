// ImportReader: the items of one object that is imported: lines of JSON, or CSV (RFC 4180), either of them maybe gzip.
// Bytes come piece by piece, and what is wrong with one item leaves the others. One thread at a time. Source: "Amazon
// S3 import formats for DynamoDB".
#pragma once

#include "codec/gzip.h"
#include "tables/transfers/import.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

class ImportReader {
 public:
  static constexpr std::size_t kMaxRecordBytes = 4 << 20;

  // Of a line that is JSON; kInvalid with the words for the log.
  using LineReading = std::function<Result<Item>(std::string_view line)>;
  // `table` says which attributes of CSV are not text. All outlive this.
  ImportReader(const ImportFormat& format, const Table& table, const LineReading& line);

  struct Record {
    std::uint64_t index = 0;  // in the object, from 0
    Result<Item> item;
  };
  // kInvalid: the rest of the object is not to be read.
  Result<void> add(std::string_view bytes, std::vector<Record>& out);
  Result<void> finish(std::vector<Record>& out);  // no more bytes come
  std::uint64_t bytes() const { return bytes_; }  // that were read, uncompressed

 private:
  void split(std::string_view text, std::vector<Record>& out);
  void take_csv(char c, std::vector<Record>& out);
  void end_line(std::vector<Record>& out);
  void end_record(std::vector<Record>& out);
  void keep(char c);
  void end_quotes();
  Result<Item> item_of(const std::vector<std::string>& fields) const;

  const ImportFormat& format_;
  const Table& table_;
  const LineReading& line_;
  codec::Gunzip gunzip_;
  std::string plain_, text_;  // inflated; the line or the field that has begun
  std::uint64_t bytes_ = 0, index_ = 0;
  std::size_t size_ = 0;  // of the record that has begun
  // Of CSV.
  enum class At { kStart, kPlain, kQuoted, kQuote, kBroken };
  At at_ = At::kStart;
  std::vector<std::string> fields_;
  std::optional<std::vector<std::string>> header_;
  bool begun_ = false;     // something of a record is there
  std::size_t quotes_ = 0;  // side by side, in a field without quotes around it
};

}  // namespace gust::tables
