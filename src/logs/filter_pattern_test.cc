#include "logs/filter_pattern.h"

#include <gtest/gtest.h>

namespace gust::logs {
namespace {

bool matches(std::string_view pattern, std::string_view message) {
  const auto parsed = parse_filter_pattern(pattern);
  EXPECT_TRUE(parsed) << pattern << ": " << parsed.error().message;
  if (!parsed) return false;
  // Whatever matches also passes the filter of a block that has it.
  const bool out = (*parsed)->matches(message);
  if (out) {
    FilterBuilder builder;
    builder.add(message);
    const auto bits = builder.take();
    const auto has = [&](std::uint64_t key, KeyOf) {
      return filter_has(bits.data() + filter_piece(key, bits.size() / kFilterPiece) * kFilterPiece, key);
    };
    EXPECT_TRUE(may_meet((*parsed)->needs(), has)) << pattern << " of " << message;
    const auto literal = (*parsed)->literal();
    EXPECT_NE(message.find(literal), std::string_view::npos) << pattern;
  }
  return out;
}

std::string refused(std::string_view pattern) {
  const auto parsed = parse_filter_pattern(pattern);
  if (parsed) return "(taken)";
  EXPECT_EQ(parsed.error().code, Code::kInvalid);
  EXPECT_EQ(parsed.error().source, "pattern");
  return parsed.error().message;
}

TEST(FilterPattern, WithoutTermsEveryMessageMatches) {
  for (const auto* pattern : {"", " ", "\"\"", "  \t"}) EXPECT_TRUE(matches(pattern, "anything")) << pattern;
}

TEST(FilterPattern, TermsOfTheGuide) {
  EXPECT_TRUE(matches("ERROR", "[ERROR 400] BAD REQUEST"));
  EXPECT_FALSE(matches("ERROR", "[error 400] BAD REQUEST"));
  EXPECT_TRUE(matches("ERROR ARGUMENTS", "[ERROR] INVALID ARGUMENTS"));
  EXPECT_FALSE(matches("ERROR ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST"));
  EXPECT_TRUE(matches("?ERROR ?ARGUMENTS", "[ERROR 401] UNAUTHORIZED REQUEST"));
  EXPECT_TRUE(matches("?ERROR ?ARGUMENTS", "INVALID ARGUMENTS"));
  EXPECT_FALSE(matches("?ERROR ?ARGUMENTS", "all is well"));
  EXPECT_TRUE(matches("\"INTERNAL SERVER ERROR\"", "[ERROR 500] INTERNAL SERVER ERROR"));
  EXPECT_FALSE(matches("\"INTERNAL SERVER ERROR\"", "SERVER INTERNAL ERROR"));
  EXPECT_TRUE(matches("ERROR -ARGUMENTS", "[ERROR 400] BAD REQUEST"));
  EXPECT_FALSE(matches("ERROR -ARGUMENTS", "[ERROR 419] MISSING ARGUMENTS"));
  EXPECT_TRUE(matches("-\"MISSING ARGUMENTS\"", "anything"));
  EXPECT_TRUE(matches("ERROR ?ARGUMENTS", "ERROR alone")) << "an optional term says nothing beside others";
  EXPECT_TRUE(matches(R"("say \"yes\" \\ no")", R"(they say "yes" \ no)"));
}

TEST(FilterPattern, RegularExpressions) {
  EXPECT_TRUE(matches("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST"));
  EXPECT_TRUE(matches("%^[hc]at%", "cat and dog"));
  EXPECT_FALSE(matches("%^[hc]at%", "a cat"));
  EXPECT_TRUE(matches(R"(%\d{1,3}\.\d{1,3}%)", "at 10.250 ms"));
  EXPECT_TRUE(matches("%gray|grey%", "a grey cat"));
  EXPECT_NE(refused("%something!%").find("not supported"), std::string::npos);
  EXPECT_NE(refused("%(a)%").find("not supported"), std::string::npos);
  EXPECT_NE(refused("%a[%").find("is not one"), std::string::npos);
  EXPECT_NE(refused("%open").find("a second %"), std::string::npos);
}

TEST(FilterPattern, WhatIsNoTerm) {
  EXPECT_EQ(refused("RequestId:"), "Invalid character(s) in term 'RequestId:'");
  EXPECT_NE(refused("\"open").find("quotation mark"), std::string::npos);
  EXPECT_NE(refused(std::string(1025, 'x')).find("too long"), std::string::npos);
  EXPECT_NE(refused("?").find("a term"), std::string::npos);
}

constexpr std::string_view kTrail =
    R"({"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],)"
    R"("objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"Flag":true,"n":1.5,"status":404,)"
    R"("a b":"spaced","text":"404"})";

TEST(FilterPattern, JsonOfTheGuide) {
  for (const auto* pattern :
       {R"({ $.eventType = "UpdateTrail" })", R"({$.eventType=UpdateTrail})", R"({ $.sourceIPAddress != 123.123.* })",
        R"({ $.sourceIPAddress = 111.111.* })", R"({ $.arrayKey[0] = "value" })", R"({ $.objectList[1].id = 2 })",
        R"({ $.arrayKey[*] = "another*" })", "{ $.SomeObject IS NULL }", "{ $.SomeOtherObject NOT EXISTS }",
        "{ $.Flag IS TRUE }", "{ $.n > 1 && $.n <= 1.5 }", "{ $.status = 404 }", "{ $.status = 4* }",
        "{ $.status = 4.04e2 }", R"({ ($.n = 2 || $.status = 404) && $.eventType = %^Update% })",
        R"({ $.["a b"] = "spaced" })", R"({ $['a b'] = spaced })", "{ $.text = 404 }", R"({ $.text = "404" })",
        "{ $.status != 500 }", R"({ $.eventType = "*" })"}) {
    EXPECT_TRUE(matches(pattern, kTrail)) << pattern;
  }
  for (const auto* pattern :
       {R"({ $.eventType = "updateTrail" })", "{ $.missing != 1 }", "{ $.arrayKey[2] = value }", "{ $.Flag IS FALSE }",
        "{ $.n > 1.5 }", "{ $.eventType IS NULL }", "{ $.eventType NOT EXISTS }", "{ $.status < 404 }",
        R"({ $.n = 2 || $.status = 405 && $.eventType = "UpdateTrail" })", "{ $.objectList = 1 }"}) {
    EXPECT_FALSE(matches(pattern, kTrail)) << pattern;
  }
  EXPECT_FALSE(matches("{ $.a = 1 }", "a = 1, and no JSON"));
  EXPECT_FALSE(matches("{ $.a NOT EXISTS }", "no JSON at all"));
}

TEST(FilterPattern, WhatIsNoJsonPattern) {
  for (const auto* pattern : {"{", "{}", "{ $ = 1 }", "{ $.a }", "{ $.a = }", "{ $.a = 1", "{ $.a = 1 } more",
                              "{ $.a > x }", "{ $.a[x] = 1 }", "{ a = 1 }", "{ ($.a = 1 }", "{ $.a = 1 && }",
                              "{ $.a = %a% || $.b = %b% || $.c = %c% }"}) {
    EXPECT_NE(refused(pattern), "(taken)") << pattern;
  }
  std::string deep = "{ " + std::string(100, '(') + "$.a = 1" + std::string(100, ')') + " }";
  EXPECT_NE(refused(deep).find("fewer parentheses"), std::string::npos);
}

constexpr std::string_view kAccess =
    R"(127.0.0.1 Prod frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534)";

TEST(FilterPattern, ColumnsOfTheGuide) {
  for (const auto* pattern :
       {"[ip, user, username, timestamp, request, status_code, bytes]",
        "[ip, user, username, timestamp, request, status_code=4*, bytes > 1000]",
        "[ip=%127\\.0\\.0\\.[1-9]%, user, username, timestamp, request =*.html*, status_code = 4*, bytes]",
        "[ip, ..., status = 404, bytes]", "[..., request =*html*, status_code, bytes]", "[ip, ...]", "[...]",
        "[ip, user, username, timestamp, request, status_code = 404 || status_code = 410, bytes]",
        "[ip, user, username=\"frank\", timestamp, request, status_code >= 400 && status_code < 500, bytes]",
        "[ip, user, username != bob, ...]"}) {
    EXPECT_TRUE(matches(pattern, kAccess)) << pattern;
  }
  for (const auto* pattern :
       {"[ip, user]", "[ip, user, username, timestamp, request, status_code=5*, bytes]", "[..., bytes > 2000]",
        "[a, b, c, d, e, f, g, h, ...]", "[ip, user, username != frank, ...]"}) {
    EXPECT_FALSE(matches(pattern, kAccess)) << pattern;
  }
  for (const auto* pattern : {"[", "[]", "[a", "[a,]", "[a=1 b]", "[a=1||b=2]", "[..., ...]", "[a] b", "[a > x]"})
    EXPECT_NE(refused(pattern), "(taken)") << pattern;
}

}  // namespace
}  // namespace gust::logs
