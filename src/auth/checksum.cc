#include "auth/checksum.h"

#include "auth/text.h"
#include "codec/base64.h"
#include "codec/crc.h"

namespace gust::auth {
namespace {

template <typename T>
std::string big_endian(T value) {
  std::string out(sizeof(T), '\0');
  for (auto it = out.rbegin(); it != out.rend(); ++it, value >>= 8) *it = static_cast<char>(value & 0xff);
  return out;
}

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

}  // namespace

std::optional<Checksum> Checksum::for_header(std::string_view header) {
  const auto name = lower_ascii(header);
  if (name == "x-amz-checksum-crc32") return Checksum(Crc32{});
  if (name == "x-amz-checksum-crc32c") return Checksum(Crc32c{});
  if (name == "x-amz-checksum-crc64nvme") return Checksum(Crc64{});
  using enum codec::DigestKind;
  static constexpr std::pair<std::string_view, codec::DigestKind> kDigests[] = {
      {"x-amz-checksum-md5", kMd5},          {"x-amz-checksum-sha1", kSha1},       {"x-amz-checksum-sha256", kSha256},
      {"x-amz-checksum-sha512", kSha512},    {"x-amz-checksum-xxhash64", kXxh64},  {"x-amz-checksum-xxhash3", kXxh3},
      {"x-amz-checksum-xxhash128", kXxh128},
  };
  for (const auto& [known, kind] : kDigests) {
    if (name == known) return Checksum(codec::Digest(kind));
  }
  return std::nullopt;
}

void Checksum::update(std::span<const std::byte> bytes) {
  std::visit(Overloaded{[&](Crc32& c) { c.value = codec::crc32(c.value, bytes); },
                        [&](Crc32c& c) { c.value = codec::crc32c(c.value, bytes); },
                        [&](Crc64& c) { c.value = codec::crc64nvme(c.value, bytes); },
                        [&](codec::Digest& d) { d.update(bytes); }},
             state_);
}

std::string Checksum::finish() {
  return codec::to_base64(std::visit(Overloaded{[](codec::Digest& d) { return d.finish(); },
                                                [](auto& c) { return big_endian(c.value); }},
                                     state_));
}

}  // namespace gust::auth
