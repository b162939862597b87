#include "objects/sealing.h"

#include "objects/sealed_row.h"

#include "base/assert.h"
#include "codec/digest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace gust::objects {
namespace {

using codec::AesGcm;
using codec::Key256;

constexpr std::byte kMiddle{0}, kLast{1};
constexpr std::size_t kChunksAtOnce = 4;
constexpr std::size_t kOpenHere = kSealedChunkBytes;  // fewer bytes are opened on the loop: a hop costs more

// The number of the chunk and whether it is the last: with a key that only this segment has, no nonce comes twice.
AesGcm::Nonce nonce_of(std::uint64_t index, std::byte last) {
  AesGcm::Nonce nonce{};
  nonce[3] = last;
  for (int i = 0; i < 8; ++i) nonce[static_cast<std::size_t>(4 + i)] = static_cast<std::byte>(index >> (56 - 8 * i));
  return nonce;
}

// A root wraps any number of keys, and random nonces are good for some 2^32 only: each segment has its own wrapping
// key.
Key256 wrapping_key(const Key256& root, const Segment& segment) {
  const auto mac = codec::hmac_sha256(root.text(), "gust segment key 1:" + segment.id.str());
  return Key256(std::as_bytes(std::span(mac)).first<Key256::kBytes>());
}

std::string bound_to(const Segment& segment) { return fmt::format("{}:{}", segment.id, segment.size); }

std::string proof_of(const Key256& key, const std::string& salt) { return codec::hmac_sha256(salt, key.text()); }

class OpenedSource final : public async::ByteSource {
 public:
  OpenedSource(std::unique_ptr<async::ByteSource> sealed, const Key256& key, std::uint64_t size, std::uint64_t offset,
               std::uint64_t length, async::BlockingPool& workers)
      : sealed_(std::move(sealed)),
        cipher_(key),
        workers_(workers),
        last_(last_chunk(size)),
        chunk_(offset / kChunkBytes),
        skip_(offset % kChunkBytes),
        left_(length),
        sealed_left_(sealed_range(size, offset, length).length) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
    if (wanted == 0) co_return 0;
    while (next_ == opened_ && ready_.empty()) GUST_CO_CHECK(co_await load());
    std::size_t done = 0;
    while (done < wanted && (!ready_.empty() || next_ < opened_)) {
      if (ready_.empty()) take_chunk();
      const auto n = std::min(wanted - done, ready_.size());
      std::memcpy(out.data() + done, ready_.data(), n);
      ready_ = ready_.subspan(n);
      done += n;
    }
    left_ -= done;
    co_return done;
  }

  std::optional<std::uint64_t> remaining() const override { return left_; }

 private:
  async::Task<void> load() {
    const auto wanted = static_cast<std::size_t>(std::min(sealed_left_, kChunksAtOnce * kSealedChunkBytes));
    if (wanted == 0) co_return fail(Code::kCorrupt, "an encrypted segment has fewer bytes than it should", "blob");
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(wanted);  // none later needs more
    for (std::size_t filled = 0; filled < wanted;) {
      const std::span room(buffer_.get() + filled, wanted - filled);
      GUST_CO_TRY(const auto n, co_await sealed_->read(room));
      if (n == 0) co_return fail(Code::kCorrupt, "an encrypted segment ends early", "blob");
      filled += n;
    }
    sealed_left_ -= wanted;
    if (wanted <= kOpenHere) co_return open(wanted);
    auto job = [this, wanted] { return open(wanted); };
    co_return co_await workers_.run(std::move(job));
  }

  // In place.
  Result<void> open(std::size_t sealed) {
    next_ = opened_ = 0;
    loaded_ = sealed;
    for (std::size_t at = 0; at < sealed; at += kSealedChunkBytes, ++chunk_) {
      const auto nonce = nonce_of(chunk_, chunk_ == last_ ? kLast : kMiddle);
      const std::span chunk(buffer_.get() + at, std::min<std::size_t>(kSealedChunkBytes, sealed - at));
      if (!cipher_.open(nonce, {}, chunk, chunk)) {
        return fail(Code::kCorrupt, fmt::format("chunk {} of an encrypted segment is not what was written", chunk_),
                    "blob");
      }
    }
    opened_ = (sealed + kSealedChunkBytes - 1) / kSealedChunkBytes;
    return {};
  }

  void take_chunk() {
    const auto at = next_++ * kSealedChunkBytes;
    const auto sealed = std::min<std::size_t>(kSealedChunkBytes, loaded_ - at);
    ready_ = std::span(buffer_.get() + at, sealed - AesGcm::kTagBytes).subspan(skip_);
    skip_ = 0;
  }

  std::unique_ptr<async::ByteSource> sealed_;
  AesGcm cipher_;
  async::BlockingPool& workers_;
  std::uint64_t last_, chunk_, skip_, left_, sealed_left_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t loaded_ = 0, opened_ = 0, next_ = 0;  // bytes in the buffer, its chunks, and which of them comes next
  std::span<const std::byte> ready_;
};

}  // namespace

Key256 fresh_key(env::Random& random) {
  std::array<std::byte, Key256::kBytes> bytes{};
  random.fill(bytes);
  return Key256(bytes);
}

std::string wrap_key(const Key256& root, const Key256& key, const Segment& segment, env::Random& random) {
  AesGcm::Nonce nonce{};
  random.fill(nonce);
  std::string out(nonce.size() + Key256::kBytes + AesGcm::kTagBytes, '\0');
  std::memcpy(out.data(), nonce.data(), nonce.size());
  AesGcm cipher(wrapping_key(root, segment));
  cipher.seal(nonce, bound_to(segment), key.bytes(),
              std::as_writable_bytes(std::span(out)).subspan(AesGcm::kNonceBytes));
  return out;
}

Result<Key256> unwrap_key(const Key256& root, const Segment& segment) {
  const auto wrong = [&] {
    return fail(Code::kCorrupt, fmt::format("the key of segment {} does not open", segment.id), "sealed key");
  };
  const auto wrapped = std::as_bytes(std::span(segment.sealed_key));
  if (wrapped.size() != AesGcm::kNonceBytes + Key256::kBytes + AesGcm::kTagBytes) return wrong();
  AesGcm::Nonce nonce{};
  std::ranges::copy_n(wrapped.begin(), nonce.size(), nonce.begin());
  std::array<std::byte, Key256::kBytes> bytes{};
  AesGcm cipher(wrapping_key(root, segment));
  if (!cipher.open(nonce, bound_to(segment), wrapped.subspan(nonce.size()), bytes)) return wrong();
  const Key256 key(bytes);
  codec::forget(bytes);
  return key;
}

bool is_row(const Segment& segment) { return segment.place == Place::kRow && last_chunk(segment.size) == 0; }

Result<std::string> open_row(const std::optional<Key256>& key, const Segment& segment, std::string stored,
                             std::uint64_t offset, std::uint64_t length) {
  if (stored.size() != (key ? sealed_bytes(segment.size) : segment.size))
    return fail(Code::kCorrupt, "a segment's row has not as many bytes as it should", "blob");
  if (key) {
    const auto bytes = std::as_writable_bytes(std::span(stored));
    if (!AesGcm(*key).open(nonce_of(0, kLast), {}, bytes, bytes))
      return fail(Code::kCorrupt, "the row of an encrypted segment is not what was written", "blob");
  }
  stored.resize(offset + length);
  stored.erase(0, offset);
  return stored;
}

Encryption customer_encryption(const Key256& key, env::Random& random) {
  Encryption out{EncryptionKind::kCustomer, std::string(16, '\0'), {}};
  random.fill(std::as_writable_bytes(std::span(out.salt)));
  out.proof = proof_of(key, out.salt);
  return out;
}

bool is_key_of(const Encryption& encryption, const Key256& key) {
  return codec::equal_in_constant_time(encryption.proof, proof_of(key, encryption.salt));
}

Result<void> check_customer_key(const Encryption& encryption, const std::optional<Key256>& key) {
  if (encryption.kind != EncryptionKind::kCustomer) {
    if (!key) return {};
    return fail(Code::kInvalid, "The encryption parameters are not applicable to this object.", "customer key unused");
  }
  if (!key) {
    return fail(Code::kInvalid,
                "The object was stored using a form of Server Side Encryption. The correct parameters must be provided "
                "to retrieve the object.",
                "customer key missing");
  }
  if (!is_key_of(encryption, *key)) {
    return fail(
        Code::kDenied,
        "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.",
        "customer key");
  }
  return {};
}

Result<void> check_part_key(const Encryption& begun, const std::optional<Key256>& key) {
  const auto refuse = [](const char* why) { return fail(Code::kInvalid, why, "part encryption"); };
  if (begun.kind != EncryptionKind::kCustomer) {
    if (!key) return {};
    return refuse(
        "The multipart upload initiate did not request encryption. Please resend the request without sending "
        "encryption "
        "parameters.");
  }
  if (!key) {
    return refuse(
        "The multipart upload initiate requested encryption. Subsequent part requests must include the appropriate "
        "encryption parameters.");
  }
  if (!is_key_of(begun, *key))
    return refuse("The provided encryption parameters did not match the ones used originally.");
  return {};
}

void Sealer::append(std::span<const std::byte> chunk, std::byte last) {
  const auto size = chunk.size() + AesGcm::kTagBytes;
  if (out_.size() < used_ + size) out_.resize(used_ + size);
  cipher_.seal(nonce_of(index_++, last), {}, chunk, std::span(out_).subspan(used_, size));
  used_ += size;
}

std::span<const std::byte> Sealer::feed(std::span<const std::byte> bytes) {
  used_ = 0;
  while (!bytes.empty()) {
    if (pending_.empty() && bytes.size() >= kChunkBytes) {
      append(bytes.first(kChunkBytes), kMiddle);
      bytes = bytes.subspan(kChunkBytes);
      continue;
    }
    const auto n = std::min<std::size_t>(bytes.size(), kChunkBytes - pending_.size());
    pending_.insert(pending_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (pending_.size() < kChunkBytes) break;
    append(pending_, kMiddle);
    pending_.clear();
  }
  return std::span(out_).first(used_);
}

std::span<const std::byte> Sealer::finish() {
  used_ = 0;
  append(pending_, kLast);
  pending_.clear();
  return std::span(out_).first(used_);
}

SealedRange sealed_range(std::uint64_t size, std::uint64_t offset, std::uint64_t length) {
  GUST_ASSERT(length > 0 && length <= size && offset <= size - length);
  const auto first = offset / kChunkBytes, end = offset + length;
  const auto last = end == size ? last_chunk(size) : (end - 1) / kChunkBytes;
  const auto from = first * kSealedChunkBytes;
  return {from, std::min((last + 1) * kSealedChunkBytes, sealed_bytes(size)) - from};
}

std::unique_ptr<async::ByteSource> open_sealed(std::unique_ptr<async::ByteSource> sealed, const Key256& key,
                                               std::uint64_t size, std::uint64_t offset, std::uint64_t length,
                                               async::BlockingPool& workers) {
  return std::make_unique<OpenedSource>(std::move(sealed), key, size, offset, length, workers);
}

}  // namespace gust::objects
