// Hasher: MD5 and one more checksum of a stream, in one pass. One thread at a time.
#pragma once

#include "codec/digest.h"
#include "objects/types.h"

#include <optional>
#include <span>
#include <string>

namespace gust::objects {

// The running value of one checksum.
class ChecksumStream {
 public:
  explicit ChecksumStream(ChecksumKind kind);
  void update(std::span<const std::byte> bytes);
  std::string finish();  // raw bytes, most significant first

 private:
  ChecksumKind kind_;
  std::optional<codec::Digest> digest_;
  std::uint64_t crc_ = 0;
};

class Hasher {
 public:
  explicit Hasher(std::optional<ChecksumKind> kind);
  void update(std::span<const std::byte> bytes);

  struct Result {
    std::string md5;  // raw
    std::optional<Checksum> checksum;
  };
  Result finish();

 private:
  codec::Digest md5_{codec::DigestKind::kMd5};
  std::optional<ChecksumKind> kind_;
  std::optional<ChecksumStream> checksum_;
};

// The composite checksum of parts' raw values.
Checksum composite(ChecksumKind kind, const std::vector<std::string>& part_values);

// The checksum of the whole from that of each part (raw) and its size; `kind` is one of the CRCs.
struct PartValue {
  std::string value;
  std::uint64_t size = 0;
};
Checksum combined(ChecksumKind kind, const std::vector<PartValue>& parts);
// Only the CRCs of parts give that of the whole.
bool can_combine(ChecksumKind kind);
std::size_t checksum_bytes(ChecksumKind kind);

}  // namespace gust::objects
