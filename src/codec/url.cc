#include "codec/url.h"

#include "codec/hex.h"

#include <fmt/format.h>

namespace gust::codec {
namespace {

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string percent_encode(std::string_view text, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && slash == Slash::kKeep)) {
      out += c;
    } else {
      out += '%';
      out += kDigits[static_cast<unsigned char>(c) >> 4];
      out += kDigits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kIsSpace) {
      out += ' ';
    } else if (text[i] == '%') {
      const auto byte = from_hex(text.substr(i + 1, 2));
      if (!byte || byte->empty()) {
        return fail(Code::kInvalid, fmt::format("'{}' has a '%' that is not followed by two hexadecimal digits", text),
                    "url");
      }
      out += *byte;
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<QueryPairs> parse_query(std::string_view query, Plus plus) {
  QueryPairs pairs;
  while (!query.empty()) {
    const auto piece = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), piece.size() + 1));
    if (piece.empty()) continue;
    const auto equals = piece.find('=');
    GUST_TRY(auto name, percent_decode(piece.substr(0, equals), plus));
    std::string value;
    if (equals != std::string_view::npos) {
      GUST_TRY(value, percent_decode(piece.substr(equals + 1), plus));
    }
    pairs.emplace_back(std::move(name), std::move(value));
  }
  return pairs;
}

}  // namespace gust::codec
