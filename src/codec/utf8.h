// UTF-8 (RFC 3629), checked. Any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace gust::codec {

// How many bytes the character at the front has; 0 when the bytes are none.
std::size_t utf8_character(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace gust::codec
