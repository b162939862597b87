#include "objects/hasher.h"

#include "base/assert.h"
#include "codec/crc.h"

namespace gust::objects {
namespace {

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  std::uint64_t out = 0;
  for (const char c : bytes) out = out << 8 | static_cast<unsigned char>(c);
  return out;
}

// Nothing for the CRCs.
std::optional<codec::DigestKind> digest_kind(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kSha1:
      return codec::DigestKind::kSha1;
    case ChecksumKind::kSha256:
      return codec::DigestKind::kSha256;
    case ChecksumKind::kSha512:
      return codec::DigestKind::kSha512;
    case ChecksumKind::kMd5:
      return codec::DigestKind::kMd5;
    case ChecksumKind::kXxh64:
      return codec::DigestKind::kXxh64;
    case ChecksumKind::kXxh3:
      return codec::DigestKind::kXxh3;
    case ChecksumKind::kXxh128:
      return codec::DigestKind::kXxh128;
    default:
      return std::nullopt;
  }
}

}  // namespace

ChecksumStream::ChecksumStream(ChecksumKind kind) : kind_(kind) {
  if (const auto digest = digest_kind(kind)) digest_.emplace(*digest);
}

void ChecksumStream::update(std::span<const std::byte> bytes) {
  switch (kind_) {
    case ChecksumKind::kCrc32:
      crc_ = codec::crc32(static_cast<std::uint32_t>(crc_), bytes);
      break;
    case ChecksumKind::kCrc32c:
      crc_ = codec::crc32c(static_cast<std::uint32_t>(crc_), bytes);
      break;
    case ChecksumKind::kCrc64Nvme:
      crc_ = codec::crc64nvme(crc_, bytes);
      break;
    default:
      digest_->update(bytes);
  }
}

std::string ChecksumStream::finish() {
  if (digest_) return digest_->finish();
  return big_endian(crc_, static_cast<int>(checksum_bytes(kind_)));
}

Hasher::Hasher(std::optional<ChecksumKind> kind) : kind_(kind) {
  if (kind) checksum_.emplace(*kind);
}

void Hasher::update(std::span<const std::byte> bytes) {
  md5_.update(bytes);
  if (checksum_) checksum_->update(bytes);
}

Hasher::Result Hasher::finish() {
  Result out{md5_.finish(), std::nullopt};
  if (checksum_) out.checksum = Checksum{*kind_, ChecksumType::kFullObject, checksum_->finish(), 0};
  return out;
}

Checksum composite(ChecksumKind kind, const std::vector<std::string>& part_values) {
  ChecksumStream all(kind);
  for (const auto& value : part_values) all.update(std::as_bytes(std::span(value)));
  return {kind, ChecksumType::kComposite, all.finish(), static_cast<std::uint32_t>(part_values.size())};
}

bool can_combine(ChecksumKind kind) { return !digest_kind(kind); }

std::size_t checksum_bytes(ChecksumKind kind) {
  switch (kind) {
    case ChecksumKind::kCrc64Nvme:
    case ChecksumKind::kXxh64:
    case ChecksumKind::kXxh3:
      return 8;
    case ChecksumKind::kMd5:
    case ChecksumKind::kXxh128:
      return 16;
    case ChecksumKind::kSha512:
      return 64;
    case ChecksumKind::kSha1:
      return 20;
    case ChecksumKind::kSha256:
      return 32;
    default:
      return 4;
  }
}

Checksum combined(ChecksumKind kind, const std::vector<PartValue>& parts) {
  GUST_ASSERT(can_combine(kind));
  std::uint64_t crc = 0;
  for (const auto& part : parts) {
    const auto value = from_big_endian(part.value);
    if (kind == ChecksumKind::kCrc64Nvme) {
      crc = codec::crc64nvme_combine(crc, value, part.size);
      continue;
    }
    const auto combine = kind == ChecksumKind::kCrc32 ? codec::crc32_combine : codec::crc32c_combine;
    crc = combine(static_cast<std::uint32_t>(crc), static_cast<std::uint32_t>(value), part.size);
  }
  return {kind, ChecksumType::kFullObject, big_endian(crc, static_cast<int>(checksum_bytes(kind))), 0};
}

}  // namespace gust::objects
