#include "codec/digest.h"

#include "base/assert.h"
#include "codec/hex.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace gust::codec {
namespace {

// Looked up once: OpenSSL would do it again for every digest.
const EVP_MD* algorithm(const char* name) {
  const auto* found = EVP_MD_fetch(nullptr, name, nullptr);
  GUST_ASSERT(found != nullptr);
  return found;
}
const EVP_MD* md5() {
  static const EVP_MD* const found = algorithm("MD5");
  return found;
}
const EVP_MD* sha1() {
  static const EVP_MD* const found = algorithm("SHA1");
  return found;
}
const EVP_MD* sha256() {
  static const EVP_MD* const found = algorithm("SHA2-256");
  return found;
}
const EVP_MD* sha512() {
  static const EVP_MD* const found = algorithm("SHA2-512");
  return found;
}

using Evp = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

constexpr std::size_t kSha256Bytes = 32, kSha256Block = 64;
using Sha256 = std::array<unsigned char, kSha256Bytes>;

// Of both texts together, in a context that the thread keeps.
Sha256 sha256_of(std::string_view first, std::string_view second) {
  thread_local const Evp evp{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  Sha256 out;
  GUST_ASSERT(EVP_DigestInit_ex(evp.get(), sha256(), nullptr) == 1);
  GUST_ASSERT(EVP_DigestUpdate(evp.get(), first.data(), first.size()) == 1);
  GUST_ASSERT(EVP_DigestUpdate(evp.get(), second.data(), second.size()) == 1);
  GUST_ASSERT(EVP_DigestFinal_ex(evp.get(), out.data(), nullptr) == 1);
  return out;
}

std::string_view text(std::span<const unsigned char> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

struct Digest::Context {
  virtual ~Context() = default;
  virtual void update(std::span<const std::byte> bytes) = 0;
  virtual std::string finish() = 0;
};

struct Digest::OfOpenSsl : Context {
  explicit OfOpenSsl(const EVP_MD* algorithm) { GUST_ASSERT(EVP_DigestInit_ex(evp.get(), algorithm, nullptr) == 1); }

  void update(std::span<const std::byte> bytes) override {
    GUST_ASSERT(EVP_DigestUpdate(evp.get(), bytes.data(), bytes.size()) == 1);
  }
  std::string finish() override {
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned length = 0;
    GUST_ASSERT(EVP_DigestFinal_ex(evp.get(), out.data(), &length) == 1);
    return std::string(reinterpret_cast<const char*>(out.data()), length);
  }

  Evp evp{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

struct Digest::OfXxh64 : Context {
  OfXxh64() { GUST_ASSERT(state && XXH64_reset(state.get(), 0) == XXH_OK); }

  void update(std::span<const std::byte> bytes) override {
    GUST_ASSERT(XXH64_update(state.get(), bytes.data(), bytes.size()) == XXH_OK);
  }
  std::string finish() override {
    XXH64_canonical_t out;
    XXH64_canonicalFromHash(&out, XXH64_digest(state.get()));
    return std::string(std::begin(out.digest), std::end(out.digest));
  }

  std::unique_ptr<XXH64_state_t, decltype(&XXH64_freeState)> state{XXH64_createState(), &XXH64_freeState};
};

// Both widths share the state and differ in how it is fed and read.
struct Digest::OfXxh3 : Context {
  explicit OfXxh3(DigestKind kind) : is_wide(kind == DigestKind::kXxh128) {
    GUST_ASSERT(state && (is_wide ? XXH3_128bits_reset : XXH3_64bits_reset)(state.get()) == XXH_OK);
  }

  void update(std::span<const std::byte> bytes) override {
    const auto feed = is_wide ? XXH3_128bits_update : XXH3_64bits_update;
    GUST_ASSERT(feed(state.get(), bytes.data(), bytes.size()) == XXH_OK);
  }
  std::string finish() override {
    if (!is_wide) {
      XXH64_canonical_t out;
      XXH64_canonicalFromHash(&out, XXH3_64bits_digest(state.get()));
      return std::string(std::begin(out.digest), std::end(out.digest));
    }
    XXH128_canonical_t out;
    XXH128_canonicalFromHash(&out, XXH3_128bits_digest(state.get()));
    return std::string(std::begin(out.digest), std::end(out.digest));
  }

  bool is_wide;
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state{XXH3_createState(), &XXH3_freeState};
};

Digest::Digest(DigestKind kind) {
  switch (kind) {
    case DigestKind::kMd5: context_ = std::make_unique<OfOpenSsl>(md5()); break;
    case DigestKind::kSha1: context_ = std::make_unique<OfOpenSsl>(sha1()); break;
    case DigestKind::kSha256: context_ = std::make_unique<OfOpenSsl>(sha256()); break;
    case DigestKind::kSha512: context_ = std::make_unique<OfOpenSsl>(sha512()); break;
    case DigestKind::kXxh64: context_ = std::make_unique<OfXxh64>(); break;
    case DigestKind::kXxh3:
    case DigestKind::kXxh128: context_ = std::make_unique<OfXxh3>(kind); break;
  }
}
Digest::~Digest() = default;
Digest::Digest(Digest&&) noexcept = default;
Digest& Digest::operator=(Digest&&) noexcept = default;

void Digest::update(std::span<const std::byte> bytes) { context_->update(bytes); }

void Digest::update(std::string_view bytes) { update(std::as_bytes(std::span(bytes))); }

std::string Digest::finish() { return context_->finish(); }

std::string digest(DigestKind kind, std::string_view bytes) {
  Digest d(kind);
  d.update(bytes);
  return d.finish();
}

std::string sha256_hex(std::string_view bytes) { return to_hex(text(sha256_of(bytes, {}))); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, kSha256Block> block{};
  if (key.size() > block.size()) {
    std::ranges::copy(sha256_of(key, {}), block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  for (auto& b : block) b ^= 0x36;
  const auto inner = sha256_of(text(block), bytes);
  for (auto& b : block) b ^= 0x36 ^ 0x5c;
  const auto out = sha256_of(text(block), text(inner));
  OPENSSL_cleanse(block.data(), block.size());
  return std::string(text(out));
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gust::codec
