#include "codec/url.h"

#include "codec/hex.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::codec {
namespace {

constexpr std::array<bool, 256> kUnreserved = [] {
  std::array<bool, 256> table{};
  for (const auto c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

void append_encoded(std::string& out, char c, Slash slash) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  if (kUnreserved[byte] || (c == '/' && slash == Slash::kKeep)) {
    out += c;
  } else {
    const char code[] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    out.append(code, sizeof code);
  }
}

std::unexpected<Error> malformed(std::string_view text) {
  return fail(Code::kInvalid, fmt::format("'{}' has a '%' that is not followed by two hexadecimal digits", text),
              "url");
}

// The byte of the "%XX" at `at`; -1 where there is none.
int byte_at(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const int high = hex_digit(text[at + 1]), low = hex_digit(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::string percent_encode(std::string_view text, Slash slash) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) append_encoded(out, c, slash);
  return out;
}

Result<void> append_canonical(std::string& out, std::string_view encoded, Slash slash) {
  for (std::size_t i = 0; i < encoded.size(); ++i) {
    const auto start = i;
    while (i < encoded.size() && kUnreserved[static_cast<unsigned char>(encoded[i])]) ++i;
    out.append(encoded, start, i - start);
    if (i == encoded.size()) break;
    if (encoded[i] != '%') {
      append_encoded(out, encoded[i], slash);
      continue;
    }
    const int byte = byte_at(encoded, i);
    if (byte < 0) return malformed(encoded);
    append_encoded(out, static_cast<char>(byte), slash);
    i += 2;
  }
  return {};
}

Result<std::string> percent_decode(std::string_view text, Plus plus) {
  auto at = text.find('%');
  if (plus == Plus::kIsSpace) at = std::min(at, text.find('+'));
  std::string out(text.substr(0, at));
  if (at == std::string_view::npos) return out;
  out.reserve(text.size());
  for (auto i = at; i < text.size(); ++i) {
    if (text[i] == '+' && plus == Plus::kIsSpace) {
      out += ' ';
    } else if (text[i] == '%') {
      const int byte = byte_at(text, i);
      if (byte < 0) return malformed(text);
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

Result<QueryPairs> parse_query(std::string_view query, Plus plus) {
  QueryPairs pairs;
  pairs.reserve(static_cast<std::size_t>(std::ranges::count(query, '&')) + 1);
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
