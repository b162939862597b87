#include "kv/key.h"

namespace gust::kv {

void append_text(std::string& key, std::string_view part) {
  for (const char c : part) {
    key += c;
    if (c == '\0') key += '\xff';
  }
  key += '\0';
  key += '\x01';
}

void append_number(std::string& key, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift);
}

bool take_text(std::string_view& key, std::string& part) {
  part.clear();
  for (std::size_t i = 0; i + 1 < key.size(); ++i) {
    if (key[i] != '\0') {
      part += key[i];
      continue;
    }
    if (key[i + 1] == '\x01') {
      key.remove_prefix(i + 2);
      return true;
    }
    part += '\0';
    ++i;
  }
  return false;
}

bool take_number(std::string_view& key, std::uint64_t& number) {
  if (key.size() < 8) return false;
  number = 0;
  for (std::size_t i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(key[i]);
  key.remove_prefix(8);
  return true;
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty()) {
    if (static_cast<unsigned char>(prefix.back()) != 0xff) {
      prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
      return prefix;
    }
    prefix.pop_back();
  }
  return prefix;
}

}  // namespace gust::kv
