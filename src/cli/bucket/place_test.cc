#include "cli/bucket/place.h"

#include <gtest/gtest.h>

namespace gust::cli {
namespace {

Place object(std::string bucket, std::string key) {
  return {.kind = PlaceKind::kObject, .bucket = std::move(bucket), .key = std::move(key)};
}

TEST(Place, IsAnObjectAPathOrAStream) {
  EXPECT_EQ(parse_place("s3://b"), object("b", ""));
  EXPECT_EQ(parse_place("s3://b/"), object("b", ""));
  EXPECT_EQ(parse_place("s3://b/a/ö k"), object("b", "a/ö k"));
  EXPECT_EQ(parse_place("s3://b//k"), object("b", "/k"));
  EXPECT_EQ(parse_place("s3://b/what?#%41"), object("b", "what?#%41"));
  EXPECT_EQ(parse_place("-")->kind, PlaceKind::kStream);
  EXPECT_EQ(parse_place("./s3://b")->path, "./s3://b");
  EXPECT_EQ(parse_place("/a b")->path, "/a b");
}

TEST(Place, SlipsOfThePenAreNoPaths) {
  for (const auto* text : {"", "s3:", "s3:/b/k", "s3:b", "S3://b/k", "s3://", "s3:///k", "s3://b?x/k"}) {
    const auto place = parse_place(text);
    ASSERT_FALSE(place) << text;
    EXPECT_EQ(place.error().source, "usage") << text;
  }
  EXPECT_FALSE(parse_uri("/b/k", KeyIs::kOptional));
  EXPECT_FALSE(parse_uri("s3://b/", KeyIs::kRequired));
  EXPECT_FALSE(parse_uri("s3://b/k", KeyIs::kRefused));
  EXPECT_TRUE(parse_uri("s3://b/", KeyIs::kRefused));
}

TEST(Place, PrintsAsItIsWritten) {
  for (const auto* text : {"s3://b", "s3://b/k/", "-", "a/b"}) EXPECT_EQ(parse_place(text)->str(), text);
}

TEST(Place, AKeyIsWhatIsSaidOrTheFilesName) {
  EXPECT_EQ(key_for(object("b", ""), "f.txt"), "f.txt");
  EXPECT_EQ(key_for(object("b", "d/"), "f.txt"), "d/f.txt");
  EXPECT_EQ(key_for(object("b", "d"), "f.txt"), "d");
  EXPECT_EQ(folder_key(""), "");
  EXPECT_EQ(folder_key("d"), "d/");
  EXPECT_EQ(folder_key("d/"), "d/");
  EXPECT_EQ(base_name("a/b"), "b");
  EXPECT_EQ(base_name("b"), "b");
  EXPECT_EQ(base_name("a/"), "");
}

TEST(Place, OnlyKeysThatStayBelowAFolderBecomeFiles) {
  for (const auto* name : {"a", "a/b.c", "...", ".a/..b", " "}) EXPECT_TRUE(check_local_name(name)) << name;
  for (const auto* name : {"", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", "./a", "a/."})
    EXPECT_FALSE(check_local_name(name)) << name;
  EXPECT_FALSE(check_local_name(std::string_view("a\0b", 3)));
}

TEST(Place, WhatIsKeptOfADownloadIsOfOneVersion) {
  const auto name = partial_name("film.bin", "s3://b/k", "\"e\"", 5);
  EXPECT_EQ(name, partial_name("film.bin", "s3://b/k", "\"e\"", 5));
  EXPECT_NE(name, partial_name("film.bin", "s3://b/k", "\"f\"", 5));
  EXPECT_NE(name, partial_name("film.bin", "s3://b/l", "\"e\"", 5));
  EXPECT_NE(name, partial_name("film.bin", "s3://b/k", "\"e\"", 6));
  EXPECT_TRUE(is_partial_name(name));
  EXPECT_TRUE(is_partial_of(name, "film.bin"));
  EXPECT_FALSE(is_partial_of(name, "film"));
  EXPECT_FALSE(is_partial_of(name, "film.bin.1"));
  EXPECT_FALSE(is_partial_name("film.bin"));
  EXPECT_FALSE(is_partial_name("film.gust-part"));
  EXPECT_FALSE(is_partial_name("film.0123456789ABCDEF.gust-part"));
  const std::string longest(255, 'x');
  EXPECT_EQ(partial_name(longest, "s3://b/k", "\"e\"", 5).size(), 255U);
  EXPECT_TRUE(is_partial_of(partial_name(longest, "s3://b/k", "\"e\"", 5), longest));
}

}  // namespace
}  // namespace gust::cli
