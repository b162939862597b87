#include "codec/legible.h"

#include <gtest/gtest.h>

namespace gust::codec {
namespace {

std::string text(std::string_view given, std::size_t most = 100) {
  std::string out;
  append_legible(out, given, most);
  return out;
}

std::string path(std::string_view given, std::size_t most = 100) {
  std::string out = "GET ";
  append_legible_path(out, given, most);
  return out.substr(4);
}

TEST(Legible, TextIsAsItIsWithoutControls) {
  EXPECT_EQ(text("photos/a.jpg"), "photos/a.jpg");
  EXPECT_EQ(text("\xc3\xbc and \xe2\x82\xac"), "\xc3\xbc and \xe2\x82\xac");
  EXPECT_EQ(text("a\nb\x7f\xc2\x85"
                 "c\xff"),
            "a?b??c?");
  EXPECT_EQ(text("a%20b"), "a%20b");
}

TEST(Legible, PathsAreDecoded) {
  EXPECT_EQ(path("photos/a.jpg"), "photos/a.jpg");
  EXPECT_EQ(path("fold/we%20ird%20%C3%BC.txt"), "fold/we ird \xc3\xbc.txt");
  EXPECT_EQ(path("%e2%82%ac%F0%9F%98%80"), "\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(path("50%25"), "50%");
  EXPECT_EQ(path("\xc3\xbc%20"), "\xc3\xbc ");
}

TEST(Legible, WhatWouldNotBeLegibleStaysEncoded) {
  EXPECT_EQ(path("a%0Ab%20c"), "a%0Ab c");
  EXPECT_EQ(path("%1b[31m%7f%C2%85"), "%1b[31m%7f%C2%85");
  EXPECT_EQ(path("%ff%C3"), "%ff%C3");
  EXPECT_EQ(path("%C3%20%ED%A0%80"), "%C3 %ED%A0%80");  // half a character, and a surrogate
  EXPECT_EQ(path("%, %2, %zz, %"), "%, %2, %zz, %");
}

TEST(Legible, OnlyWholeCharactersFit) {
  EXPECT_EQ(text("12345", 3), "123");
  EXPECT_EQ(text("12\xc3\xbc", 3), "12");
  EXPECT_EQ(path("12%C3%BC4", 3), "12");
  EXPECT_EQ(path("1%C3%BC4", 3), "1\xc3\xbc");
  EXPECT_EQ(path("%20%20abcd%20", 4), "  ab");
  EXPECT_EQ(path("%ff%ff", 4), "%ff%");
}

}  // namespace
}  // namespace gust::codec
