#include "codec/gzip.h"

#include <gtest/gtest.h>

namespace gust::codec {
namespace {

std::string packed(std::string_view text) {
  Gzip gzip;
  std::string out;
  gzip.add(text.substr(0, text.size() / 2), out);
  gzip.add(text.substr(text.size() / 2), out);
  gzip.finish(out);
  return out;
}

Result<std::string> unpacked(std::string_view bytes, std::size_t piece) {
  Gunzip gunzip;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) GUST_CHECK(gunzip.add(bytes.substr(at, piece), out));
  GUST_CHECK(gunzip.finish());
  return out;
}

TEST(Gzip, GivesBackWhatItGot) {
  std::string random;
  for (unsigned i = 0; i < 300'000; ++i) random += static_cast<char>((i * 7919) >> (i % 5));
  for (const std::string& text : {std::string(), std::string("a"), std::string(1 << 20, 'x'), random}) {
    const auto bytes = packed(text);
    for (const std::size_t piece : {std::size_t{7}, std::size_t{4096}, bytes.size()})
      EXPECT_EQ(unpacked(bytes, piece), text);
  }
}

TEST(Gzip, MembersFollowOneAnother) {
  const auto both = packed("one,") + packed("two");
  for (const std::size_t piece : {std::size_t{1}, both.size()}) EXPECT_EQ(unpacked(both, piece), "one,two");
}

TEST(Gzip, WhatIsNoneIsRefused) {
  EXPECT_EQ(unpacked("plain text", 3).error().code, Code::kInvalid);
  const auto bytes = packed("some text that is cut");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_EQ(unpacked(bytes.substr(0, size), 5).error().code, Code::kInvalid) << size;
  auto damaged = bytes;
  damaged[damaged.size() - 6] ^= 1;  // of the CRC
  EXPECT_FALSE(unpacked(damaged, 100));
  EXPECT_FALSE(unpacked(bytes + "more", 100));
}

}  // namespace
}  // namespace gust::codec
