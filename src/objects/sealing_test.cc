// What is sealed opens again, in every range; and nothing that was changed, cut, exchanged or is another's does.
#include "objects/sealing.h"

#include "objects/testing.h"

namespace gust::objects::testing {
namespace {

constexpr std::uint64_t kChunk = kChunkBytes;

std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

class SealingTest : public ::testing::Test {
 protected:
  std::string seal(const std::string& text, std::size_t piece) {
    Sealer sealer(key_);
    std::string out;
    const auto take = [&](std::span<const std::byte> some) {
      out.append(reinterpret_cast<const char*>(some.data()), some.size());
    };
    for (std::size_t at = 0; at < text.size(); at += piece)
      take(sealer.feed(bytes_of(text).subspan(at, std::min(piece, text.size() - at))));
    take(sealer.finish());
    return out;
  }
  Result<std::string> open(const std::string& sealed, std::uint64_t size, std::uint64_t offset, std::uint64_t length) {
    return open(key_, sealed, size, offset, length);
  }
  Result<std::string> open(codec::Key256 key, const std::string& sealed, std::uint64_t size, std::uint64_t offset,
                           std::uint64_t length) {
    const auto range = sealed_range(size, offset, length);
    const auto from = std::min<std::size_t>(range.offset, sealed.size());
    auto there = async::from_string(sealed.substr(from, range.length));
    const auto source = open_sealed(std::move(there), key, size, offset, length, workers_);
    return run(loop_, [&] { return async::read_all(*source, 1 << 30); });
  }

  boost::asio::io_context loop_;
  env::SystemRandom random_;
  async::BlockingPool workers_{"test", 1};
  codec::Key256 key_ = fresh_key(random_);
};

TEST_F(SealingTest, OpensEveryRangeOfEverySize) {
  for (const std::uint64_t size : {std::uint64_t{1}, std::uint64_t{100}, kChunk - 1, kChunk, kChunk + 1, 4 * kChunk,
                                   4 * kChunk + 7, 9 * kChunk - 1}) {
    const auto text = pattern(size);
    for (const std::size_t piece : {std::size_t{10'000}, std::size_t{kChunk}, std::size_t{4 * kChunk}}) {
      EXPECT_EQ(seal(text, piece), seal(text, 777)) << size;
    }
    const auto sealed = seal(text, 4 * kChunk);
    EXPECT_EQ(sealed.size(), sealed_bytes(size));
    for (const std::uint64_t first : {std::uint64_t{0}, kChunk - 1, kChunk, kChunk + 1, 3 * kChunk, size - 1}) {
      for (const std::uint64_t end : {first + 1, kChunk, kChunk + 1, 2 * kChunk, size - 1, size}) {
        if (first >= end || end > size) continue;
        EXPECT_EQ(open(sealed, size, first, end - first), text.substr(first, end - first))
            << size << ": " << first << " to " << end;
      }
    }
  }
}

TEST_F(SealingTest, ARangeReadsOnlyTheChunksOfIt) {
  const auto size = 100 * kChunk;
  EXPECT_EQ(sealed_range(size, 5 * kChunk + 1, 1).offset, 5 * kSealedChunkBytes);
  EXPECT_EQ(sealed_range(size, 5 * kChunk + 1, 1).length, kSealedChunkBytes);
  EXPECT_EQ(sealed_range(size, 5 * kChunk - 1, 2).length, 2 * kSealedChunkBytes);
  EXPECT_EQ(sealed_range(size, size - 1, 1).length, kSealedChunkBytes + codec::AesGcm::kTagBytes);
}

TEST_F(SealingTest, NothingThatWasChangedOpens) {
  const auto size = 2 * kChunk + 500;
  const auto text = pattern(size), sealed = seal(text, kChunk);
  for (const std::size_t at : {std::size_t{0}, std::size_t{kChunk}, std::size_t{kSealedChunkBytes - 1},
                               std::size_t{kSealedChunkBytes}, sealed.size() - 1}) {
    auto changed = sealed;
    changed[at] ^= 1;
    EXPECT_EQ(open(changed, size, 0, size).error().code, Code::kCorrupt) << at;
  }
}

TEST_F(SealingTest, ChunksKeepTheirPlaces) {
  const auto size = 3 * kChunk;
  const auto sealed = seal(pattern(size), kChunk);
  const auto chunk = [&](std::size_t i) { return sealed.substr(i * kSealedChunkBytes, kSealedChunkBytes); };
  EXPECT_EQ(open(chunk(1) + chunk(0) + chunk(2) + chunk(3), size, 0, size).error().code, Code::kCorrupt);
  EXPECT_EQ(open(chunk(0) + chunk(0) + chunk(2) + chunk(3), size, 0, size).error().code, Code::kCorrupt);
}

TEST_F(SealingTest, WhatIsCutDoesNotOpen) {
  const auto size = 3 * kChunk;
  const auto sealed = seal(pattern(size), kChunk);
  EXPECT_EQ(open(sealed.substr(0, sealed.size() - 1), size, 0, size).error().code, Code::kCorrupt);
  EXPECT_EQ(open(sealed.substr(0, 3 * kSealedChunkBytes), size, 0, size).error().code, Code::kCorrupt);
  // Said to be shorter, its last chunk would be one that was not sealed as the last.
  EXPECT_EQ(open(sealed, size - 1, 0, size - 1).error().code, Code::kCorrupt);
  EXPECT_EQ(open(sealed, kChunk, 0, kChunk).error().code, Code::kCorrupt);
}

TEST_F(SealingTest, AnotherKeyOpensNothing) {
  const auto sealed = seal("a secret", 100);
  EXPECT_EQ(open(fresh_key(random_), sealed, 8, 0, 8).error().code, Code::kCorrupt);
  EXPECT_NE(seal("a secret", 100).find("secret"), 0u);
  EXPECT_EQ(sealed.find("secret"), std::string::npos);
}

TEST_F(SealingTest, AWrappedKeyIsOfItsRootAndItsSegment) {
  const auto root = fresh_key(random_);
  Segment segment{blobs::BlobId(std::string(32, 'a')), 100, Place::kBlob};
  segment.sealed_key = wrap_key(root, key_, segment, random_);
  EXPECT_EQ(unwrap_key(root, segment)->text(), key_.text());
  EXPECT_NE(wrap_key(root, key_, segment, random_), segment.sealed_key);
  EXPECT_EQ(unwrap_key(fresh_key(random_), segment).error().source, "sealed key");
  auto other = segment;
  other.id = blobs::BlobId(std::string(32, 'b'));
  EXPECT_FALSE(unwrap_key(root, other));
  other = segment;
  other.size = 101;
  EXPECT_FALSE(unwrap_key(root, other));
  other = segment;
  other.sealed_key.back() ^= 1;
  EXPECT_FALSE(unwrap_key(root, other));
  other.sealed_key = "short";
  EXPECT_FALSE(unwrap_key(root, other));
}

TEST_F(SealingTest, WhatIsKeptOfAClientsKeyKnowsItAndHasItNot) {
  const auto kept = customer_encryption(key_, random_);
  EXPECT_TRUE(is_key_of(kept, key_));
  EXPECT_FALSE(is_key_of(kept, fresh_key(random_)));
  EXPECT_NE(customer_encryption(key_, random_).proof, kept.proof);
  EXPECT_EQ((kept.salt + kept.proof).find(key_.text()), std::string::npos);
  EXPECT_TRUE(check_customer_key(kept, key_));
  EXPECT_EQ(check_customer_key(kept, {}).error().source, "customer key missing");
  EXPECT_EQ(check_customer_key(kept, fresh_key(random_)).error().code, Code::kDenied);
  EXPECT_EQ(check_customer_key({EncryptionKind::kStore}, key_).error().source, "customer key unused");
  EXPECT_TRUE(check_customer_key({}, {}));
}

}  // namespace
}  // namespace gust::objects::testing
