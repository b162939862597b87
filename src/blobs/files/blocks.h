// Blocks: how the bytes of a blob lie in its file: 64 KiB, then their CRC-32C, and so on (docs/formats/blobs.md). Any
// thread.
#pragma once

#include "blobs/store.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

namespace gust::blobs {

inline constexpr std::uint64_t kBlockBytes = 64 << 10;
inline constexpr std::uint64_t kSumBytes = 4;

// How long the file of a blob is, and the other way round: nothing where no blob's file is that long.
constexpr std::uint64_t stored_bytes(std::uint64_t size) {
  return size + (size + kBlockBytes - 1) / kBlockBytes * kSumBytes;
}
constexpr std::optional<std::uint64_t> blob_bytes(std::uint64_t stored) {
  const auto whole = stored / (kBlockBytes + kSumBytes), rest = stored % (kBlockBytes + kSumBytes);
  if (rest > 0 && rest <= kSumBytes) return std::nullopt;
  return whole * kBlockBytes + (rest > 0 ? rest - kSumBytes : 0);
}
constexpr std::uint64_t block_size(std::uint64_t blob_size, std::uint64_t index) {
  return std::min(kBlockBytes, blob_size - index * kBlockBytes);
}

// Of a block's bytes, of the blob and of its place in it: bytes that lie where they do not belong do not match either.
class BlockSums {
 public:
  explicit BlockSums(const BlobId& id);
  std::uint32_t of(std::uint64_t index, std::span<const std::byte> block) const;

 private:
  std::uint32_t start_;
};

}  // namespace gust::blobs
