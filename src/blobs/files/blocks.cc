#include "blobs/files/blocks.h"

#include "codec/crc.h"

#include <bit>

namespace gust::blobs {

static_assert(std::endian::native == std::endian::little, "sums and indexes are stored least significant byte first");

BlockSums::BlockSums(const BlobId& id) : start_(codec::crc32c(0, std::as_bytes(std::span(id.str())))) {}

std::uint32_t BlockSums::of(std::uint64_t index, std::span<const std::byte> block) const {
  return codec::crc32c(codec::crc32c(start_, std::as_bytes(std::span(&index, 1))), block);
}

}  // namespace gust::blobs
