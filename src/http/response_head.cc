#include "http/response_head.h"

#include "codec/time_format.h"

#include <boost/beast/http/status.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace gust::http {
namespace {

bool is_set_here(std::string_view name) {
  const auto equals = [&](std::string_view other) {
    return std::ranges::equal(name, other, {},
                              [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  };
  return equals("content-length") || equals("transfer-encoding") || equals("connection") || equals("date");
}

void append_field(std::string& head, std::string_view name, std::string_view value) {
  const auto clean = [&](std::string_view text) {
    const auto at = static_cast<std::ptrdiff_t>(head.size());
    head += text;
    std::replace_if(head.begin() + at, head.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; }, ' ');
  };
  clean(name);
  head += ": ";
  clean(value);
  head += "\r\n";
}

}  // namespace

std::string_view reason_phrase(int status) {
  const auto text = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  return {text.data(), text.size()};
}

std::string response_head(const Response& response, Framing framing, std::uint64_t length, Connection connection,
                          WallTime now) {
  std::string head;
  head.reserve(512);
  fmt::format_to(std::back_inserter(head), "HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers.all()) {
    if (!is_set_here(name)) append_field(head, name, value);
  }
  fmt::format_to(std::back_inserter(head), "Date: {}\r\n", codec::to_http_date(now));
  if (framing == Framing::kLength) fmt::format_to(std::back_inserter(head), "Content-Length: {}\r\n", length);
  if (framing == Framing::kChunked) head += "Transfer-Encoding: chunked\r\n";
  head += connection == Connection::kClose ? "Connection: close\r\n\r\n" : "Connection: keep-alive\r\n\r\n";
  return head;
}

}  // namespace gust::http
