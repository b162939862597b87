// Hexadecimal text. Any thread.
#pragma once

#include "base/result.h"

#include <span>
#include <string>
#include <string_view>

namespace gust::codec {

// Lower case.
std::string to_hex(std::span<const std::byte> bytes);
std::string to_hex(std::string_view bytes);
// Either case. kInvalid on an odd length or another character.
Result<std::string> from_hex(std::string_view text);

}  // namespace gust::codec
