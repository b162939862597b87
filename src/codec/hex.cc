#include "codec/hex.h"

#include <fmt/format.h>

namespace gust::codec {

std::string to_hex(std::span<const std::byte> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const auto b : bytes) {
    out += kDigits[static_cast<unsigned>(b) >> 4];
    out += kDigits[static_cast<unsigned>(b) & 15];
  }
  return out;
}

std::string to_hex(std::string_view bytes) { return to_hex(std::as_bytes(std::span(bytes))); }

Result<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return fail(Code::kInvalid, fmt::format("'{}' is not hexadecimal: odd length", text));
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return fail(Code::kInvalid, fmt::format("'{}' is not hexadecimal", text));
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace gust::codec
