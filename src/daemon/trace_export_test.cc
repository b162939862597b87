#include "daemon/trace_export.h"

#include <gtest/gtest.h>

namespace gust::daemon {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

TEST(Collector, Addresses) {
  const auto of = [](std::string_view url) {
    const auto parsed = parse_collector(url, "").value();
    return parsed.origin.url() + " " + parsed.path;
  };
  EXPECT_EQ(of("http://127.0.0.1"), "http://127.0.0.1:4318 /v1/traces");
  EXPECT_EQ(of("http://127.0.0.1:80/"), "http://127.0.0.1 /v1/traces");
  EXPECT_EQ(of("https://otlp.example.org/otlp/v1/traces?x=1"), "https://otlp.example.org /otlp/v1/traces?x=1");
  EXPECT_EQ(of("https://[::1]:4318"), "https://[::1]:4318 /v1/traces");
  for (const auto* bad : {"", "127.0.0.1", "grpc://x", "http://", "http:///x", "http://x:0/", "https://x/a b"}) {
    const auto parsed = parse_collector(bad, "");
    ASSERT_FALSE(parsed) << bad;
    EXPECT_EQ(parsed.error().source, "address") << bad;
  }
}

TEST(Collector, HeadersOfItsRequests) {
  const auto of = [](std::string_view headers) { return parse_collector("http://x", headers).value().headers; };
  EXPECT_EQ(of(""), Headers());
  EXPECT_EQ(of("api-key=a=b"), (Headers{{"api-key", "a=b"}}));
  EXPECT_EQ(of("authorization=Basic%20dTpw, x-scope=one,"),
            (Headers{{"authorization", "Basic dTpw"}, {"x-scope", "one"}}));
  for (const auto* bad : {"key", "=v", "a b=c", "k=%0d%0aHost: x", "k:v=1"})
    EXPECT_EQ(parse_collector("http://x", bad).error().source, "headers") << bad;
  EXPECT_EQ(parse_collector("http://x", "k=%zz").error().code, Code::kInvalid);
}

}  // namespace
}  // namespace gust::daemon
