// Digest: MD5, SHAs (by OpenSSL) and XXHs (by libxxhash, seed 0) piece by piece, and HMAC. One thread at a time.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace gust::codec {

enum class DigestKind { kMd5, kSha1, kSha256, kSha512, kXxh64, kXxh3, kXxh128 };

class Digest {
 public:
  explicit Digest(DigestKind kind);
  ~Digest();
  Digest(Digest&&) noexcept;
  Digest& operator=(Digest&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);
  // The raw digest, most significant byte first; the object must not be used afterwards.
  std::string finish();

 private:
  struct Context;
  struct OfOpenSsl;
  struct OfXxh64;
  struct OfXxh3;
  std::unique_ptr<Context> context_;
};

// The raw digest of the whole.
std::string digest(DigestKind kind, std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
// The raw MAC (RFC 2104) with SHA-256.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// Takes as long for equal as for different texts of one length.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace gust::codec
