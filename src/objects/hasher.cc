#include "objects/hasher.h"

#include "codec/crc.h"

namespace gust::objects {
namespace {

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
  return out;
}

}  // namespace

ChecksumStream::ChecksumStream(ChecksumKind kind) : kind_(kind) {
  if (kind == ChecksumKind::kSha1) digest_.emplace(codec::DigestKind::kSha1);
  if (kind == ChecksumKind::kSha256) digest_.emplace(codec::DigestKind::kSha256);
}

void ChecksumStream::update(std::span<const std::byte> bytes) {
  switch (kind_) {
    case ChecksumKind::kCrc32: crc_ = codec::crc32(static_cast<std::uint32_t>(crc_), bytes); break;
    case ChecksumKind::kCrc32c: crc_ = codec::crc32c(static_cast<std::uint32_t>(crc_), bytes); break;
    case ChecksumKind::kCrc64Nvme: crc_ = codec::crc64nvme(crc_, bytes); break;
    default: digest_->update(bytes);
  }
}

std::string ChecksumStream::finish() {
  if (digest_) return digest_->finish();
  return big_endian(crc_, kind_ == ChecksumKind::kCrc64Nvme ? 8 : 4);
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

}  // namespace gust::objects
