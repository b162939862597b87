// AesGcm: AES-256 in Galois/counter mode (NIST SP 800-38D) by OpenSSL. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace gust::codec {

// A secret of 256 bits, gone from memory when it is gone.
class Key256 {
 public:
  static constexpr std::size_t kBytes = 32;

  explicit Key256(std::span<const std::byte, kBytes> bytes);
  ~Key256();
  Key256(const Key256&) = default;
  Key256& operator=(const Key256&) = default;

  std::span<const std::byte, kBytes> bytes() const { return bytes_; }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

 private:
  std::array<std::byte, kBytes> bytes_;
};

// Overwrites a secret.
void forget(std::span<std::byte> secret);

class AesGcm {
 public:
  static constexpr std::size_t kTagBytes = 16, kNonceBytes = 12;
  using Nonce = std::array<std::byte, kNonceBytes>;  // never twice with one key

  explicit AesGcm(const Key256& key);
  ~AesGcm();
  AesGcm(AesGcm&&) noexcept;
  AesGcm& operator=(AesGcm&&) noexcept;

  // `out` has room for `in` and the tag behind it. `also` is authenticated and not encrypted.
  void seal(const Nonce& nonce, std::string_view also, std::span<const std::byte> in, std::span<std::byte> out);
  // The other way round, in place too; false when anything differs from what was sealed: then `out` has no meaning.
  bool open(const Nonce& nonce, std::string_view also, std::span<const std::byte> in, std::span<std::byte> out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace gust::codec
