#include "codec/base64.h"
#include "codec/crc.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/json.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "codec/utf8.h"
#include "codec/xml.h"

#include <gtest/gtest.h>

namespace gust::codec {
namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

TEST(Hex, RoundTripsAndRefuses) {
  EXPECT_EQ(to_hex(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
  EXPECT_EQ(from_hex("00FF1a"), std::string("\x00\xff\x1a", 3));
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Base64, VectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(to_base64(plain), encoded);
    EXPECT_EQ(from_base64(encoded), plain);
  }
  for (const auto* bad : {"Zg", "Zg=", "Zh==", "Z===", "Zg==Zg==", "Zm9v\n", "Zm-_"})
    EXPECT_FALSE(from_base64(bad)) << bad;
}

TEST(Digest, PublishedVectors) {
  EXPECT_EQ(to_hex(digest(DigestKind::kMd5, "abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(to_hex(digest(DigestKind::kSha1, "abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(to_hex(digest(DigestKind::kSha512, "")),
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
            "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e");
  // Of no bytes, by the reference implementation with seed 0.
  EXPECT_EQ(to_hex(digest(DigestKind::kXxh64, "")), "ef46db3751d8e999");
  EXPECT_EQ(to_hex(digest(DigestKind::kXxh3, "")), "2d06800538d394c2");
  EXPECT_EQ(to_hex(digest(DigestKind::kXxh128, "")), "99aa06d3014798d86001c324468d497f");
  // RFC 4231, test case 2
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(Digest, PiecesGiveTheSameAsTheWhole) {
  using enum DigestKind;
  const std::string text(1000, 'x');
  for (const auto kind : {kMd5, kSha1, kSha256, kSha512, kXxh64, kXxh3, kXxh128}) {
    Digest d(kind);
    d.update("a");
    d.update(text);
    EXPECT_EQ(d.finish(), digest(kind, "a" + text));
  }
}

// Long texts are taken in lanes, short ones are not.
TEST(Crc, ALongTextIsItsPieces) {
  std::string text;
  for (unsigned i = 0; i < 100'000; ++i) text += static_cast<char>(i * i * 31 >> 5);
  for (const std::size_t size : {16'319, 16'320, 16'321, 65'536, 99'999}) {
    std::uint32_t pieces = 0;
    for (std::size_t at = 0; at < size; at += 1000)
      pieces = crc32c(pieces, bytes(std::string_view(text).substr(at, std::min<std::size_t>(1000, size - at))));
    EXPECT_EQ(crc32c(0, bytes(std::string_view(text).substr(0, size))), pieces) << size;
  }
}

// Fewer than 64 bytes go another way than more.
TEST(Crc, OfManyBytesIsThatOfFewAtATime) {
  std::string text;
  for (unsigned i = 0; i < 20'000; ++i) text += static_cast<char>(i * i * 31 >> 5);
  for (const std::size_t size : {63, 64, 65, 79, 80, 127, 128, 129, 143, 1000, 16'384, 19'999}) {
    std::uint64_t pieces = 0;
    std::uint32_t short_pieces = 0;
    for (std::size_t at = 0; at < size; at += 37) {
      const auto piece = std::string_view(text).substr(at, std::min<std::size_t>(37, size - at));
      pieces = crc64nvme(pieces, bytes(piece));
      short_pieces = crc32(short_pieces, bytes(piece));
    }
    const auto whole = std::string_view(text).substr(0, size);
    EXPECT_EQ(crc64nvme(0, bytes(whole)), pieces) << size;
    EXPECT_EQ(crc32(0, bytes(whole)), short_pieces) << size;
  }
}

TEST(Crc, CheckValuesOfTheCatalogue) {
  EXPECT_EQ(crc32(0, bytes("123456789")), 0xcbf43926U);
  EXPECT_EQ(crc32c(0, bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(crc64nvme(0, bytes("123456789")), 0xae8b14860a799888ULL);
}

TEST(Crc, PiecesGiveTheSameAsTheWhole) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += static_cast<char>(i * 7);
  for (const std::size_t cut : {0U, 1U, 7U, 8U, 500U, 999U}) {
    const std::string_view a(text.data(), cut), b(text.data() + cut, text.size() - cut);
    EXPECT_EQ(crc32c(crc32c(0, bytes(a)), bytes(b)), crc32c(0, bytes(text)));
    EXPECT_EQ(crc64nvme(crc64nvme(0, bytes(a)), bytes(b)), crc64nvme(0, bytes(text)));
    EXPECT_EQ(crc32(crc32(0, bytes(a)), bytes(b)), crc32(0, bytes(text)));
    EXPECT_EQ(crc32_combine(crc32(0, bytes(a)), crc32(0, bytes(b)), b.size()), crc32(0, bytes(text)));
    EXPECT_EQ(crc32c_combine(crc32c(0, bytes(a)), crc32c(0, bytes(b)), b.size()), crc32c(0, bytes(text)));
    EXPECT_EQ(crc64nvme_combine(crc64nvme(0, bytes(a)), crc64nvme(0, bytes(b)), b.size()), crc64nvme(0, bytes(text)));
  }
}

// Source: RFC 4231, test cases 2 and 6.
TEST(Hmac, OfShortAndLongKeys) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Url, EncodesAndDecodes) {
  EXPECT_EQ(percent_encode("a b/ü~"), "a%20b%2F%C3%BC~");
  EXPECT_EQ(percent_encode("a/b", Slash::kKeep), "a/b");
  EXPECT_EQ(percent_decode("a%20b+%C3%BC"), "a b+ü");
  EXPECT_EQ(percent_decode("a+b", Plus::kIsSpace), "a b");
  for (const auto* bad : {"%", "%2", "%zz", "a%2"}) EXPECT_FALSE(percent_decode(bad)) << bad;
}

TEST(Url, WhatIsEncodedSomehowIsEncodedRight) {
  std::string out = "x";
  EXPECT_TRUE(append_canonical(out, "a%2f%7E+/b%20%c3%bc~"));
  EXPECT_EQ(out, "xa%2F~%2B%2Fb%20%C3%BC~");
  out.clear();
  EXPECT_TRUE(append_canonical(out, "/a%2Fb/", Slash::kKeep));
  EXPECT_EQ(out, "/a/b/");
  for (const auto* bad : {"%", "%2", "%zz", "a%2"}) EXPECT_FALSE(append_canonical(out, bad)) << bad;
}

TEST(Url, QueryKeepsOrderAndRepeats) {
  const QueryPairs wanted = {{"b", "1"}, {"a", ""}, {"b", "2 3"}, {"c", ""}};
  EXPECT_EQ(parse_query("b=1&a&b=2+3&&c="), wanted);
  EXPECT_FALSE(parse_query("a=%"));
}

TEST(Time, FormatsAndParses) {
  const auto at = from_epoch_ms(1'440'938'160'123);
  EXPECT_EQ(to_iso8601_ms(at), "2015-08-30T12:36:00.123Z");
  EXPECT_EQ(to_iso8601(at), "2015-08-30T12:36:00Z");
  EXPECT_EQ(to_iso8601_basic(at), "20150830T123600Z");
  EXPECT_EQ(to_http_date(at), "Sun, 30 Aug 2015 12:36:00 GMT");
  EXPECT_EQ(from_iso8601("2015-08-30T12:36:00.123Z"), at);
  EXPECT_EQ(from_iso8601("20150830T123600Z"), at - Millis(123));
  EXPECT_EQ(from_iso8601("2015-08-30T14:36:00.123456+02:00"), at);
  for (const auto* date :
       {"Sun, 30 Aug 2015 12:36:00 GMT", "Sunday, 30-Aug-15 12:36:00 GMT", "Sun Aug 30 12:36:00 2015"}) {
    EXPECT_EQ(from_http_date(date), at - Millis(123)) << date;
  }
  for (const auto* bad :
       {"", "2015-13-01T00:00:00Z", "2015-02-30T00:00:00Z", "2015-08-30", "2015-08-30T12:36:00", "x"}) {
    EXPECT_FALSE(from_iso8601(bad)) << bad;
    EXPECT_FALSE(from_http_date(bad)) << bad;
  }
}

TEST(Json, NamesWhereItIsWrong) {
  EXPECT_EQ(to_json(*parse_json(R"({"a":[1,2.5,null,"ü"]})")), R"({"a":[1,2.5E0,null,"ü"]})");
  EXPECT_NE(parse_json("{\"a\": nope}").error().message.find("at byte"), std::string::npos);
  EXPECT_FALSE(parse_json("1 2"));
  EXPECT_FALSE(parse_json(""));
  EXPECT_TRUE(parse_json(std::string(60, '[') + std::string(60, ']')));
  EXPECT_FALSE(parse_json(std::string(100, '[') + std::string(100, ']')));
  EXPECT_FALSE(parse_json("[1, {\"a\": 34.5e999}]"));
}

TEST(Xml, ParsesWithinLimits) {
  const auto document = parse_xml("<a xmlns='u'><n:b>1 &amp; 2</n:b></a>");
  ASSERT_TRUE(document);
  const auto b = (*document)->document_element().first_child();
  EXPECT_EQ(xml_local_name(b), "b");
  EXPECT_STREQ(b.text().get(), "1 & 2");
  EXPECT_FALSE(parse_xml("<a>"));
  EXPECT_FALSE(parse_xml(""));
  EXPECT_FALSE(parse_xml("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>"));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  for (int i = 0; i < 100; ++i) deep += "</a>";
  EXPECT_FALSE(parse_xml(deep));
  EXPECT_EQ(xml_escape("<a>&\"\r\x01"), "&lt;a&gt;&amp;&quot;&#xD;\xEF\xBF\xBD");
}

TEST(Utf8, TakesWellFormedCharactersOnly) {
  EXPECT_TRUE(is_utf8("a\u00fc\u65e5\U0001f388"));
  for (const auto* bad :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff", "a\xe6\x97"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Xml, EscapesAndReplacesWhatXmlCannotHold) {
  EXPECT_EQ(xml_escape("a<&>\"\r\n\u00fc"), "a&lt;&amp;&gt;&quot;&#xD;\n\u00fc");
  EXPECT_EQ(xml_escape("a\x01\xff\xc3z\xef\xbf\xbe"), "a\ufffd\ufffd\ufffdz\ufffd");
}

}  // namespace
}  // namespace gust::codec
