// Source of the vectors: "The Galois/Counter Mode of Operation (GCM)", McGrew and Viega, test cases 13, 14 and 16.
#include "codec/aes_gcm.h"

#include "codec/hex.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace gust::codec {
namespace {

struct Vector {
  std::string key, nonce, also, plain, sealed;  // in hexadecimal
};

const Vector kVectors[] = {
    {std::string(64, '0'), std::string(24, '0'), "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {std::string(64, '0'), std::string(24, '0'), "", std::string(32, '0'),
     "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"},
    {"feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
     "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657"
     "ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0a"
     "bcc9f66276fc6ece0f4e1768cddf8853bb2d551b"}};

std::string raw(const std::string& hex) { return *from_hex(hex); }

TEST(AesGcm, SealsAndOpensAsPublished) {
  for (const auto& vector : kVectors) {
    const auto key = raw(vector.key), nonce_text = raw(vector.nonce), also = raw(vector.also),
               plain = raw(vector.plain);
    AesGcm::Nonce nonce{};
    std::ranges::copy(std::as_bytes(std::span(nonce_text)), nonce.begin());
    AesGcm cipher(Key256(std::as_bytes(std::span(key)).first<Key256::kBytes>()));
    std::string sealed(plain.size() + AesGcm::kTagBytes, '\0');
    cipher.seal(nonce, also, std::as_bytes(std::span(plain)), std::as_writable_bytes(std::span(sealed)));
    EXPECT_EQ(to_hex(sealed), vector.sealed);
    const auto opens = [&](std::string given, const std::string& with) {
      const auto bytes = std::as_writable_bytes(std::span(given));
      return cipher.open(nonce, with, bytes, bytes) && given.substr(0, plain.size()) == plain;
    };
    EXPECT_TRUE(opens(sealed, also));
    EXPECT_FALSE(opens(sealed, also + "x"));
    EXPECT_FALSE(opens(sealed.substr(1), also));
    EXPECT_FALSE(opens("short", also));
    auto changed = sealed;
    changed.back() ^= 1;
    EXPECT_FALSE(opens(changed, also));
    EXPECT_TRUE(opens(sealed, also)) << "after one that failed";
  }
}

}  // namespace
}  // namespace gust::codec
