#include "auth/text.h"

#include <algorithm>

namespace gust::auth {

std::string lower_ascii(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

bool starts_named(std::string_view name, std::string_view lower) {
  const auto lowered = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return name.size() >= lower.size() && std::ranges::equal(name.substr(0, lower.size()), lower, {}, lowered);
}

bool is_named(std::string_view name, std::string_view lower) {
  return name.size() == lower.size() && starts_named(name, lower);
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace gust::auth
