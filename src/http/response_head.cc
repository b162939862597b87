#include "http/response_head.h"

#include "codec/time_format.h"

#include <boost/beast/http/status.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace gust::http {
namespace {

bool is_set_here(std::string_view name) {
  const auto equals = [&](std::string_view other) {
    return std::ranges::equal(name, other, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  };
  switch (name.size()) {
    case 4: return equals("date");
    case 10: return equals("connection");
    case 14: return equals("content-length");
    case 17: return equals("transfer-encoding");
    default: return false;
  }
}

// All bytes at once, which the compiler makes few instructions of.
bool is_clean(std::string_view text) {
  bool clean = true;
  for (const char c : text) clean &= (c != '\r') & (c != '\n') & (c != '\0');
  return clean;
}

void append_clean(std::string& head, std::string_view text) {
  const auto at = static_cast<std::ptrdiff_t>(head.size());
  head += text;
  if (is_clean(text)) return;
  std::replace_if(head.begin() + at, head.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  append_clean(head, name);
  head += ": ";
  append_clean(head, value);
  head += "\r\n";
}

void append_number(std::string& head, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  head.append(digits.data(), end);
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

std::string response_head(const Response& response, Framing framing, std::uint64_t length, Connection connection,
                          WallTime now) {
  std::string head;
  head.reserve(1024);
  head += "HTTP/1.1 ";
  append_number(head, static_cast<std::uint64_t>(response.status));
  head.append(" ").append(reason_phrase(response.status)).append("\r\n");
  for (const auto& [name, value] : response.headers.all()) {
    if (!is_set_here(name)) append_field(head, name, value);
  }
  head.append("Date: ").append(codec::to_http_date(now)).append("\r\n");
  if (framing == Framing::kLength) {
    head += "Content-Length: ";
    append_number(head, length);
    head += "\r\n";
  }
  if (framing == Framing::kChunked) head += "Transfer-Encoding: chunked\r\n";
  head += connection == Connection::kClose ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  return head;
}

std::string last_words(int status, std::string text) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", "text/plain");
  response.body = std::move(text);
  const auto now = std::chrono::floor<Millis>(std::chrono::system_clock::now());
  return response_head(response, Framing::kLength, response.body.size(), Connection::kClose, now) + response.body;
}

}  // namespace gust::http
