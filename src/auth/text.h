// Bits of text that several headers need: ASCII case and blanks. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace gust::auth {

std::string lower_ascii(std::string_view text);
// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace gust::auth
