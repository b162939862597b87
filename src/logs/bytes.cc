#include "logs/bytes.h"

namespace gust::logs {

void append_varint(std::string& out, std::uint64_t number) {
  for (; number >= 0x80; number >>= 7) out += static_cast<char>(number | 0x80);
  out += static_cast<char>(number);
}

void append_text(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

void append_fixed32(std::string& out, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(number >> shift);
}

std::uint32_t fixed32(const char* from) {
  std::uint32_t out = 0;
  for (int i = 3; i >= 0; --i) out = out << 8 | static_cast<unsigned char>(from[i]);
  return out;
}

std::uint64_t ByteReader::varint() {
  std::uint64_t out = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (left_.empty()) break;
    const auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return out;
  }
  ok_ = false;
  left_ = {};
  return 0;
}

std::string_view ByteReader::text() {
  const auto size = varint();
  if (size > left_.size()) {
    ok_ = false;
    left_ = {};
  }
  const auto out = left_.substr(0, ok_ ? size : 0);
  left_.remove_prefix(out.size());
  return out;
}

}  // namespace gust::logs
