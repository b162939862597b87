#include "auth/payload.h"

#include "async/testing.h"
#include "auth/checksum.h"
#include "auth/sigv4.h"
#include "codec/digest.h"

#include <gtest/gtest.h>

#include <array>
#include <cstring>

namespace gust::auth {
namespace {

// Hands out at most `step` bytes at a time.
class Trickle final : public async::ByteSource {
 public:
  Trickle(std::string text, std::size_t step) : text_(std::move(text)), step_(step) {}
  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto n = std::min({out.size(), step_, text_.size() - at_});
    std::memcpy(out.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
  }

 private:
  std::string text_;
  std::size_t step_;
  std::size_t at_ = 0;
};

Result<std::string> drain(async::ByteSource& source) {
  return async::testing::run([&]() -> async::Task<std::string> { return async::read_all(source, 10 << 20); });
}

Result<std::string> decode(std::string wire, ChunkedBody body, std::size_t step = 7) {
  const auto source = chunked_source(std::make_unique<Trickle>(std::move(wire), step), std::move(body));
  auto first = drain(*source);
  if (!first) EXPECT_EQ(drain(*source).error().message, first.error().message);  // an error stays one
  return first;
}

ChunkedBody unsigned_body(std::uint64_t length, std::vector<std::string> announced = {}) {
  ChunkedBody body;
  body.trailers = Trailers::kExpected;
  body.decoded_length = length;
  body.announced = std::move(announced);
  body.trailers_to = std::make_shared<http::Headers>();
  return body;
}

// The example of the S3 API reference: 66,560 bytes 'a' in chunks of 64 KiB.
ChunkSigning example(std::string seed) {
  const Scope scope{"20130524", "us-east-1", "s3"};
  return {signing_key("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", scope), "20130524T000000Z", scope.str(),
          std::move(seed)};
}

std::string example_body(std::array<std::string_view, 3> signatures, std::string_view ending) {
  return fmt::format("10000;chunk-signature={}\r\n{}\r\n400;chunk-signature={}\r\n{}\r\n0;chunk-signature={}\r\n{}",
                     signatures[0], std::string(65536, 'a'), signatures[1], std::string(1024, 'a'), signatures[2],
                     ending);
}

const std::array<std::string_view, 3> kPlain = {"ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
                                                "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
                                                "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"};
const std::string kPlainSeed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const std::array<std::string_view, 3> kTrailing = {"b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
                                                   "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
                                                   "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"};
const std::string kTrailingSeed = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";
const std::string kTrailer =
    "x-amz-checksum-crc32c:sOO8/Q==\r\n"
    "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";

ChunkedBody signed_body(std::string seed, Trailers trailers) {
  ChunkedBody body;
  body.signing = example(std::move(seed));
  body.trailers = trailers;
  body.decoded_length = 66560;
  body.trailers_to = std::make_shared<http::Headers>();
  if (trailers == Trailers::kExpected) body.announced = {"x-amz-checksum-crc32c"};
  return body;
}

TEST(SignedChunks, PublishedExample) {
  for (const std::size_t step : {1u, 1000u, 100'000u}) {
    const auto out = decode(example_body(kPlain, "\r\n"), signed_body(kPlainSeed, Trailers::kNone), step);
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(*out, std::string(66560, 'a'));
  }
}

TEST(SignedChunks, PublishedTrailerExample) {
  auto body = signed_body(kTrailingSeed, Trailers::kExpected);
  const auto trailers = body.trailers_to;
  const auto out = decode(example_body(kTrailing, kTrailer), std::move(body));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(trailers->get("x-amz-checksum-crc32c"), "sOO8/Q==");
  EXPECT_FALSE(trailers->contains("x-amz-trailer-signature"));
}

TEST(SignedChunks, AnyChangeIsSeen) {
  const auto source_of = [](std::string wire) {
    const auto out = decode(std::move(wire), signed_body(kPlainSeed, Trailers::kNone), 1000);
    return out ? std::string("accepted") : out.error().source;
  };
  auto changed = example_body(kPlain, "\r\n");
  changed[65'624] = 'b';
  EXPECT_EQ(source_of(changed), "chunk");  // the CR after the first chunk
  changed = example_body(kPlain, "\r\n");
  changed[5'000] = 'b';
  EXPECT_EQ(source_of(changed), "signature");
  auto swapped = kPlain;
  swapped[2] = kPlain[1];
  EXPECT_EQ(source_of(example_body(swapped, "\r\n")), "signature");
  const auto cut = example_body(kPlain, "\r\n").substr(0, 65536 + 85 + 2);
  EXPECT_EQ(source_of(cut), "incomplete-body");
  EXPECT_EQ(source_of(example_body(kPlain, "")), "incomplete-body");
  EXPECT_EQ(source_of(example_body(kPlain, "\r\nmore")), "chunk");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\n\r\n"), "chunk");
  auto trailer = kTrailer;
  trailer[25] = 'X';
  EXPECT_EQ(decode(example_body(kTrailing, trailer), signed_body(kTrailingSeed, Trailers::kExpected)).error().source,
            "signature");
  EXPECT_EQ(decode(example_body(kTrailing, "x-amz-checksum-crc32c:sOO8/Q==\r\n\r\n"),
                   signed_body(kTrailingSeed, Trailers::kExpected))
                .error()
                .source,
            "signature");
}

TEST(UnsignedChunks, TrailingChecksumsOfEveryKind) {
  const std::vector<std::pair<std::string, std::string>> known = {
      {"crc32", "y/Q5Jg=="},
      {"crc32c", "4waSgw=="},
      {"crc64nvme", "rosUhgpiwoE="},
      {"sha1", "98O8HYCOBHMqKwZcdFdnoDzeKoM="},
      {"sha256", "FeKw087ykM9U6cfb/YvyqOhWm/ZN++YWSO/dbvcwz7I="}};
  for (const auto& [kind, value] : known) {
    const auto name = "x-amz-checksum-" + kind;
    auto checksum = Checksum::for_header(name).value();
    checksum.update(std::as_bytes(std::span(std::string_view("123456789"))));
    const auto right = checksum.finish();
    if (kind.starts_with("crc32")) EXPECT_EQ(right, value) << kind;
    const auto out =
        decode(fmt::format("4\r\n1234\r\n5\r\n56789\r\n0\r\n{}:{}\r\n\r\n", name, right), unsigned_body(9, {name}));
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_EQ(*out, "123456789");
    const auto wrong =
        decode(fmt::format("9\r\n123456780\r\n0\r\n{}:{}\r\n\r\n", name, right), unsigned_body(9, {name}));
    EXPECT_EQ(wrong.error().source, "trailer-checksum");
  }
  EXPECT_FALSE(Checksum::for_header("x-amz-checksum-md4"));
}

TEST(UnsignedChunks, EmptyBody) {
  EXPECT_EQ(decode("0\r\n\r\n", unsigned_body(0)).value(), "");
  EXPECT_EQ(decode("0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", unsigned_body(0, {"x-amz-checksum-crc32"})).value(),
            "");
}

TEST(UnsignedChunks, BadFraming) {
  const auto source_of = [](std::string wire, std::uint64_t length = 3, std::vector<std::string> announced = {}) {
    const auto out = decode(std::move(wire), unsigned_body(length, std::move(announced)));
    return out ? std::string("accepted") : out.error().source;
  };
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\n\r\n"), "accepted");
  EXPECT_EQ(source_of(""), "incomplete-body");
  EXPECT_EQ(source_of("3\r\nab"), "incomplete-body");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\n"), "incomplete-body");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\n\r\n", 4), "incomplete-body");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\n\r\n", 2), "decoded-length");
  EXPECT_EQ(source_of("g\r\nabc\r\n0\r\n\r\n"), "chunk");
  EXPECT_EQ(source_of("-3\r\nabc\r\n0\r\n\r\n"), "chunk");
  EXPECT_EQ(source_of("\r\nabc\r\n0\r\n\r\n"), "chunk");
  EXPECT_EQ(source_of("3\nabc\r\n0\r\n\r\n"), "chunk");
  EXPECT_EQ(source_of("3\r\nabcd\r\n0\r\n\r\n"), "chunk");
  EXPECT_EQ(source_of("fffffffffffffffff\r\nabc"), "chunk");
  EXPECT_EQ(source_of("ffffffffffffffff\r\nabcd"), "decoded-length");
  EXPECT_EQ(source_of(std::string(2000, '1')), "chunk");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\nno colon\r\n\r\n"), "trailer");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\n\r\n", 3, {"x-amz-checksum-crc32"}), "trailer");
  EXPECT_EQ(source_of("3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n"), "trailer");
}

TEST(HashedBody, IsCheckedAtItsEnd) {
  const auto good = hashed_source(async::from_string("hello"), codec::sha256_hex("hello"));
  EXPECT_EQ(drain(*good).value(), "hello");
  const auto bad = hashed_source(async::from_string("hellO"), codec::sha256_hex("hello"));
  EXPECT_EQ(drain(*bad).error().source, "content-sha256");
  EXPECT_EQ(drain(*bad).error().source, "content-sha256");
}

}  // namespace
}  // namespace gust::auth
