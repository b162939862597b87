#include "codec/legible.h"

#include "codec/hex.h"
#include "codec/utf8.h"

#include <algorithm>
#include <array>

namespace gust::codec {
namespace {

bool is_plain(char c) { return c >= ' ' && c <= '~'; }

// Bytes of the character at the front; 0: none that can be read.
std::size_t legible_character(std::string_view text) {
  const auto size = utf8_character(text);
  if (size == 1) return is_plain(text[0]) ? 1 : 0;
  const bool control = text.starts_with('\xc2') && static_cast<unsigned char>(text[1]) < 0xa0;  // U+0080 to U+009F
  return control ? 0 : size;
}

// The encoded bytes at the front, as many as a character may have.
std::size_t decode_front(std::string_view text, std::array<char, 4>& to) {
  std::size_t size = 0;
  for (; size < to.size() && text.size() >= 3 && text[0] == '%'; text.remove_prefix(3)) {
    const auto high = hex_digit(text[1]), low = hex_digit(text[2]);
    if (high < 0 || low < 0) break;
    to[size++] = static_cast<char>(high << 4 | low);
  }
  return size;
}

}  // namespace

void append_legible(std::string& out, std::string_view text, std::size_t most) {
  const auto begin = out.size();
  const auto shown = text.substr(0, most);
  if (std::ranges::all_of(shown, is_plain)) {
    out += shown;
    return;
  }
  while (!text.empty()) {
    const auto size = std::max<std::size_t>(1, utf8_character(text));
    if (out.size() - begin + size > most) return;
    if (legible_character(text) > 0)
      out += text.substr(0, size);
    else
      out += '?';
    text.remove_prefix(size);
  }
}

void append_legible_path(std::string& out, std::string_view path, std::size_t most) {
  if (path.substr(0, most).find('%') == std::string_view::npos) return append_legible(out, path, most);
  const auto begin = out.size();
  while (!path.empty()) {
    std::array<char, 4> bytes{};
    const auto encoded = decode_front(path, bytes);
    const auto size = encoded > 0 ? legible_character({bytes.data(), encoded}) : 0;
    const auto room = most - (out.size() - begin);
    if (size > 0) {
      if (size > room) return;
      out.append(bytes.data(), size);
      path.remove_prefix(3 * size);
    } else {  // up to the next that may be encoded
      const auto raw = path.substr(0, path.find('%', 1));
      append_legible(out, raw, room);
      if (raw.size() >= room) return;
      path.remove_prefix(raw.size());
    }
  }
}

}  // namespace gust::codec
