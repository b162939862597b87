// Sealing: how the bytes of a segment are encrypted (docs/formats/objects.md): in chunks, with a key that no other
// segment has, which is itself encrypted with a root: the store's own key or a client's. Any thread, but of one object
// one at a time.
#pragma once

#include "async/blocking_pool.h"
#include "async/bytes.h"
#include "codec/aes_gcm.h"
#include "env/random.h"
#include "objects/types.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gust::objects {

// A sealed chunk is a block of a blob's file: who reads one reads no byte of another.
inline constexpr std::uint64_t kSealedChunkBytes = 64 << 10;
inline constexpr std::uint64_t kChunkBytes = kSealedChunkBytes - codec::AesGcm::kTagBytes;

// The last chunk is shorter than the others, and may be empty.
constexpr std::uint64_t last_chunk(std::uint64_t size) { return size / kChunkBytes; }
constexpr std::uint64_t sealed_bytes(std::uint64_t size) {
  return size + (last_chunk(size) + 1) * codec::AesGcm::kTagBytes;
}
constexpr std::uint64_t stored_bytes(const Segment& segment) {
  return segment.sealed_key.empty() ? segment.size : sealed_bytes(segment.size);
}

codec::Key256 fresh_key(env::Random& random);
// The key of a segment, encrypted with `root`; it opens for this segment only.
std::string wrap_key(const codec::Key256& root, const codec::Key256& key, const Segment& segment, env::Random& random);
// kCorrupt "sealed key": another root, another segment, or changed.
Result<codec::Key256> unwrap_key(const codec::Key256& root, const Segment& segment);

// What is kept of a client's key, which itself is not kept.
Encryption customer_encryption(const codec::Key256& key, env::Random& random);
bool is_key_of(const Encryption& encryption, const codec::Key256& key);
// That `key` opens what was encrypted so. kInvalid "customer key missing" or "customer key unused", kDenied "customer
// key".
Result<void> check_customer_key(const Encryption& encryption, const std::optional<codec::Key256>& key);
// The same of a part, whose upload was begun so. kInvalid "part encryption".
Result<void> check_part_key(const Encryption& begun, const std::optional<codec::Key256>& key);

// Seals a stream, whatever the pieces that it comes in.
class Sealer {
 public:
  explicit Sealer(const codec::Key256& key) : cipher_(key) {}

  // The chunks that are whole by now, valid until the next call.
  std::span<const std::byte> feed(std::span<const std::byte> bytes);
  // The last chunk.
  std::span<const std::byte> finish();

 private:
  void append(std::span<const std::byte> chunk, std::byte last);

  codec::AesGcm cipher_;
  std::uint64_t index_ = 0;
  std::vector<std::byte> pending_, out_;
  std::size_t used_ = 0;  // of out_, which is not made anew for every piece
};

// The sealed bytes that hold [offset, offset + length) of a segment, length > 0; with the last one, the last chunk too.
struct SealedRange {
  std::uint64_t offset = 0, length = 0;
};
SealedRange sealed_range(std::uint64_t size, std::uint64_t offset, std::uint64_t length);

// Bytes [offset, offset + length) of a segment of `size` bytes from those of their sealed_range(). kCorrupt "blob".
std::unique_ptr<async::ByteSource> open_sealed(std::unique_ptr<async::ByteSource> sealed, const codec::Key256& key,
                                               std::uint64_t size, std::uint64_t offset, std::uint64_t length,
                                               async::BlockingPool& workers);

}  // namespace gust::objects
