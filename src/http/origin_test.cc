#include "http/origin.h"

#include <gtest/gtest.h>

namespace gust::http {
namespace {

TEST(Origin, Forms) {
  const auto of = [](std::string_view url) { return parse_origin(url).value(); };
  EXPECT_EQ(of("http://127.0.0.1:4566/"), (Origin{"127.0.0.1", 4566, false}));
  EXPECT_EQ(of("https://gust.example.org"), (Origin{"gust.example.org", 443, true}));
  EXPECT_EQ(of("http://[::1]:4566"), (Origin{"::1", 4566, false}));
  EXPECT_EQ(of("https://[::1]"), (Origin{"::1", 443, true}));
  EXPECT_EQ(parse_origin("http://x", 4318)->port, 4318);
  EXPECT_EQ(parse_origin("https://x", 4318)->port, 443);
}

TEST(Origin, WritesWhatItReads) {
  for (const auto* url : {"http://gust.local", "http://gust.local:443", "https://gust.local", "https://gust.local:80",
                          "http://[::1]:4566", "https://[fe80::1]"}) {
    EXPECT_EQ(parse_origin(url)->url(), url);
  }
  EXPECT_EQ(parse_origin("https://h:443")->authority(), "h");
  EXPECT_EQ(parse_origin("https://[::1]:8443")->authority(), "[::1]:8443");
}

TEST(Origin, WhatIsNone) {
  for (const auto* bad : {"", "127.0.0.1:1", "ftp://x", "HTTP://x", "http://", "https:///", "http://x:y", "http://x:0",
                          "http://x:", "http://x:99999", "http://x:-1", "http://x/y:1", "http://x/y", "http://x?y",
                          "http://u:p@x", "http://::1", "http://[x]", "http://[::1", "http://x y", "http://x//"}) {
    const auto parsed = parse_origin(bad);
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().source, "address");
    EXPECT_TRUE(parsed.error().message.contains(bad)) << parsed.error().message;
  }
}

}  // namespace
}  // namespace gust::http
