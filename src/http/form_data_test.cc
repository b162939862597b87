// Forms in pieces of every size, and bytes that are none.
#include "http/form_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace gust::http {
namespace {

using Event = FormDecoder::Event;

// "name/filename=body" of each part, then "end", or "wrong".
std::vector<std::string> decode(std::string_view text, std::size_t step, std::string_view boundary = "b") {
  FormDecoder decoder(boundary);
  std::vector<std::string> out;
  for (;;) {
    const auto event = decoder.next();
    if (!event) {
      out.push_back("wrong");
      return out;
    }
    if (*event == Event::kEnd) {
      out.push_back("end");
      return out;
    }
    if (*event == Event::kPart) out.push_back(decoder.part().name + "/" + decoder.part().filename + "=");
    if (*event == Event::kData) out.back() += decoder.data();
    if (*event != Event::kMore) continue;
    decoder.feed(text.substr(0, step));
    text.remove_prefix(std::min(step, text.size()));
    if (text.empty()) decoder.finish();
  }
}

std::string part(const std::string& head, const std::string& body) {
  return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n";
}

TEST(FormDecoder, PartsInPiecesOfEverySize) {
  const auto text = part("name=\"key\"", "a/b") + part("name=\"empty\"", "") +
                    part("name=\"file\"; filename=\"x.txt\"\r\nContent-Type: text/plain", "1\r\n2\r\n--\r\n--c--b\r") +
                    "--b--\r\nand more";
  for (std::size_t step = 1; step <= text.size(); ++step) {
    EXPECT_THAT(decode(text, step),
                ::testing::ElementsAre("key/=a/b", "empty/=", "file/x.txt=1\r\n2\r\n--\r\n--c--b\r", "end"))
        << step;
  }
}

TEST(FormDecoder, NamesAndFilenamesAsClientsWriteThem) {
  const auto first = [](const std::string& head) { return decode(part(head, "") + "--b--", 7)[0]; };
  EXPECT_EQ(first("name=key"), "key/=");
  EXPECT_EQ(first("NAME=\"k\" ; FileName=\"C:\\dir\\x.txt\""), "k/C:\\dir\\x.txt=");
  EXPECT_EQ(first("name=\"say \\\"hi\\\"\"; filename=\"a;b=c\""), "say \"hi\"/a;b=c=");
  EXPECT_EQ(first("filename=\"\"; name=\"f\"; x=y"), "f/=");
  EXPECT_EQ(first("name=\"ü\"; filename=\"日本.png\""), "ü/日本.png=");
}

TEST(FormDecoder, APreambleAndBlanksAfterABoundaryAreSkipped) {
  EXPECT_THAT(decode("hello\r\n--b \t\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--", 3),
              ::testing::ElementsAre("a/=x", "end"));
  EXPECT_THAT(decode("--b--", 1), ::testing::ElementsAre("end"));
}

TEST(FormDecoder, WhatIsNoFormIsRefused) {
  const auto whole = part("name=a", "x") + "--b--";
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(decode(whole.substr(0, cut), 5).back(), "wrong") << cut;
  }
  for (const auto* text : {"", "x", "--bx\r\n", "--b\n", "--b\r\n\r\nx\r\n--b--", "--b\r\nnonsense\r\n\r\nx\r\n--b--",
                           "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--",
                           "--b\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--b--",
                           "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\nx\r\n--b--",
                           "--b\r\nContent-Disposition: form-data; name\r\n\r\nx\r\n--b--"}) {
    EXPECT_EQ(decode(text, 4).back(), "wrong") << text;
  }
  EXPECT_EQ(decode("--b\r\nX: " + std::string(10'000, 'y') + "\r\n\r\n", 1000).back(), "wrong");
}

TEST(FormBoundary, IsFoundOrRefused) {
  EXPECT_EQ(form_boundary("multipart/form-data; boundary=----WebKit7"), "----WebKit7");
  EXPECT_EQ(form_boundary("Multipart/Form-Data;charset=utf-8;Boundary=\"a b\""), "a b");
  for (const auto* text : {"", "text/plain; boundary=b", "multipart/form-data", "multipart/form-data; boundary=",
                           "multipart/form-data; boundary=\"x", "multipart/form-datax; boundary=b"}) {
    EXPECT_FALSE(form_boundary(text)) << text;
  }
}

}  // namespace
}  // namespace gust::http
