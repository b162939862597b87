#include "kv/rocks/wal.h"

#include "codec/crc.h"

#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace gust::kv {
namespace {

// https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format: blocks of 32 KiB; in them records of CRC (4),
// length (2), type (1), bytes. A long record is in several: a first, some in the middle, a last.
constexpr std::size_t kBlock = 32 << 10, kHeader = 7;
enum Type : unsigned char { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
constexpr std::string_view kMark = "gust synced ";

std::uint32_t masked(std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xa282ead8U; }

struct Marks final : rocksdb::WriteBatch::Handler {
  void LogData(const rocksdb::Slice& bytes) override {
    const auto text = bytes.ToStringView();
    std::uint64_t value = 0;
    if (text.size() != kMark.size() + sizeof value || !text.starts_with(kMark)) return;
    std::memcpy(&value, text.data() + kMark.size(), sizeof value);
    highest = std::max(highest, value);
  }
  rocksdb::Status PutCF(std::uint32_t, const rocksdb::Slice&, const rocksdb::Slice&) override { return {}; }
  rocksdb::Status DeleteCF(std::uint32_t, const rocksdb::Slice&) override { return {}; }
  std::uint64_t highest = 0;
};

// Gives every record that is whole to `take`; behind damage it goes on in the next block.
template <typename F>
void each_record(std::string_view log, F take) {
  std::string record;
  bool inside = false;
  for (std::size_t block = 0; block < log.size(); block += kBlock) {
    for (auto left = log.substr(block, kBlock); left.size() >= kHeader;) {
      std::uint32_t crc = 0;
      std::uint16_t length = 0;
      std::memcpy(&crc, left.data(), 4);
      std::memcpy(&length, left.data() + 4, 2);
      const auto type = static_cast<unsigned char>(left[6]);
      const bool whole = type >= kFull && type <= kLast && length <= left.size() - kHeader &&
                         masked(codec::crc32c(0, std::as_bytes(std::span(left.substr(6, length + 1u))))) == crc;
      if (!whole) {
        inside = false;
        break;
      }
      if (type == kFull || type == kFirst) record.clear(), inside = true;
      if (inside) record.append(left.substr(kHeader, length));
      if (inside && (type == kFull || type == kLast)) take(record), inside = false;
      left.remove_prefix(kHeader + length);
    }
  }
}

}  // namespace

std::string wal_mark(std::uint64_t synced_sequence) {
  std::string out(kMark);
  out.append(reinterpret_cast<const char*>(&synced_sequence), sizeof synced_sequence);
  return out;
}

Result<std::uint64_t> highest_wal_mark(rocksdb::Env& env, const std::string& folder) {
  std::vector<std::string> names;
  if (const auto status = env.GetChildren(folder, &names); !status.ok())
    return fail(Code::kInternal, "kv: listing the logs: " + status.ToString());
  Marks marks;
  for (const auto& name : names) {
    if (!name.ends_with(".log")) continue;
    std::string log;
    if (const auto status = rocksdb::ReadFileToString(&env, folder + "/" + name, &log); !status.ok())
      return fail(Code::kInternal, "kv: reading a log: " + status.ToString());
    each_record(log, [&](const std::string& record) { (void)rocksdb::WriteBatch(record).Iterate(&marks); });
  }
  return marks.highest;
}

}  // namespace gust::kv
