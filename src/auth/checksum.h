// Checksum: the x-amz-checksum-* of S3, piece by piece. One thread at a time.
#pragma once

#include "codec/digest.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace gust::auth {

class Checksum {
 public:
  // `header` is x-amz-checksum-crc32, -crc32c, -crc64nvme, -sha1, -sha256, -sha512, -md5, -xxhash64, -xxhash3 or
  // -xxhash128, in any case; nullopt for another.
  static std::optional<Checksum> for_header(std::string_view header);

  void update(std::span<const std::byte> bytes);
  // Base64, as the header has it; the object must not be used afterwards.
  std::string finish();

 private:
  struct Crc32 { std::uint32_t value = 0; };
  struct Crc32c { std::uint32_t value = 0; };
  struct Crc64 { std::uint64_t value = 0; };
  using State = std::variant<Crc32, Crc32c, Crc64, codec::Digest>;

  explicit Checksum(State state) : state_(std::move(state)) {}
  State state_;
};

}  // namespace gust::auth
