// Bits of text that several headers need: ASCII case and blanks. Any thread.
#pragma once

#include <string>
#include <string_view>

namespace gust::auth {

std::string lower_ascii(std::string_view text);
// Whether `name` is `lower`, which is in lower case, in any case.
bool is_named(std::string_view name, std::string_view lower);
// Whether it begins with it.
bool starts_named(std::string_view name, std::string_view lower);
// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace gust::auth
