#include "codec/digest.h"

#include "base/assert.h"
#include "codec/hex.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <xxhash.h>

#include <array>
#include <iterator>

namespace gust::codec {
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

  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> evp{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
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
    case DigestKind::kMd5: context_ = std::make_unique<OfOpenSsl>(EVP_md5()); break;
    case DigestKind::kSha1: context_ = std::make_unique<OfOpenSsl>(EVP_sha1()); break;
    case DigestKind::kSha256: context_ = std::make_unique<OfOpenSsl>(EVP_sha256()); break;
    case DigestKind::kSha512: context_ = std::make_unique<OfOpenSsl>(EVP_sha512()); break;
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

std::string sha256_hex(std::string_view bytes) { return to_hex(digest(DigestKind::kSha256, bytes)); }

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  GUST_ASSERT(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                   reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), out.data(), &length) != nullptr);
  return std::string(reinterpret_cast<const char*>(out.data()), length);
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace gust::codec
