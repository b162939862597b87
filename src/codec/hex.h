// Hexadecimal text. Any thread.
#pragma once

#include "base/result.h"

#include <span>
#include <string>
#include <string_view>

namespace gust::codec {

// The value of a digit of either case; -1 of any other character.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Lower case.
std::string to_hex(std::span<const std::byte> bytes);
std::string to_hex(std::string_view bytes);
// Either case. kInvalid on an odd length or another character.
Result<std::string> from_hex(std::string_view text);

}  // namespace gust::codec
