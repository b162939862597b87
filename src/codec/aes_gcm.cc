#include "codec/aes_gcm.h"

#include "base/assert.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>

namespace gust::codec {
namespace {

const unsigned char* raw(const std::byte* bytes) { return reinterpret_cast<const unsigned char*>(bytes); }
unsigned char* raw(std::byte* bytes) { return reinterpret_cast<unsigned char*>(bytes); }

// Looked up once: OpenSSL would do it again for every key.
const EVP_CIPHER* cipher() {
  static const EVP_CIPHER* const found = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  GUST_ASSERT(found != nullptr);
  return found;
}

}  // namespace

void forget(std::span<std::byte> secret) { OPENSSL_cleanse(secret.data(), secret.size()); }

Key256::Key256(std::span<const std::byte, kBytes> bytes) { std::ranges::copy(bytes, bytes_.begin()); }
Key256::~Key256() { forget(bytes_); }

struct AesGcm::Context {
  EVP_CIPHER_CTX* evp = EVP_CIPHER_CTX_new();
  ~Context() { EVP_CIPHER_CTX_free(evp); }
};

AesGcm::AesGcm(const Key256& key) : context_(std::make_unique<Context>()) {
  GUST_ASSERT(EVP_EncryptInit_ex(context_->evp, cipher(), nullptr, raw(key.bytes().data()), nullptr) == 1);
}
AesGcm::~AesGcm() = default;
AesGcm::AesGcm(AesGcm&&) noexcept = default;
AesGcm& AesGcm::operator=(AesGcm&&) noexcept = default;

void AesGcm::seal(const Nonce& nonce, std::string_view also, std::span<const std::byte> in, std::span<std::byte> out) {
  auto* evp = context_->evp;
  GUST_ASSERT(out.size() == in.size() + kTagBytes);
  int n = 0;
  GUST_ASSERT(EVP_EncryptInit_ex(evp, nullptr, nullptr, nullptr, raw(nonce.data())) == 1);
  if (!also.empty()) {
    GUST_ASSERT(EVP_EncryptUpdate(evp, nullptr, &n, reinterpret_cast<const unsigned char*>(also.data()),
                                  static_cast<int>(also.size())) == 1);
  }
  if (!in.empty())
    GUST_ASSERT(EVP_EncryptUpdate(evp, raw(out.data()), &n, raw(in.data()), static_cast<int>(in.size())) == 1);
  auto* tag = raw(out.data() + in.size());
  GUST_ASSERT(EVP_EncryptFinal_ex(evp, tag, &n) == 1);
  GUST_ASSERT(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_GET_TAG, kTagBytes, tag) == 1);
}

bool AesGcm::open(const Nonce& nonce, std::string_view also, std::span<const std::byte> in, std::span<std::byte> out) {
  auto* evp = context_->evp;
  if (in.size() < kTagBytes) return false;
  const auto size = in.size() - kTagBytes;
  GUST_ASSERT(out.size() >= size);
  int n = 0;
  std::array<unsigned char, kTagBytes> tag{};
  std::ranges::copy_n(raw(in.data() + size), kTagBytes, tag.begin());
  GUST_ASSERT(EVP_DecryptInit_ex(evp, nullptr, nullptr, nullptr, raw(nonce.data())) == 1);
  GUST_ASSERT(EVP_CIPHER_CTX_ctrl(evp, EVP_CTRL_AEAD_SET_TAG, kTagBytes, tag.data()) == 1);
  if (!also.empty()) {
    GUST_ASSERT(EVP_DecryptUpdate(evp, nullptr, &n, reinterpret_cast<const unsigned char*>(also.data()),
                                  static_cast<int>(also.size())) == 1);
  }
  if (size > 0) GUST_ASSERT(EVP_DecryptUpdate(evp, raw(out.data()), &n, raw(in.data()), static_cast<int>(size)) == 1);
  std::array<unsigned char, kTagBytes> none{};
  return EVP_DecryptFinal_ex(evp, none.data(), &n) == 1;
}

}  // namespace gust::codec
