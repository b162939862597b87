// Numbers and texts one after another in bytes: the encoding of journals and blocks (docs/formats/logs.md). Any thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::logs {

// Seven bits a byte, the lowest first; the top bit says that more follow.
void append_varint(std::string& out, std::uint64_t number);
void append_text(std::string& out, std::string_view text);  // its length, then it
void append_fixed32(std::string& out, std::uint32_t number);  // little-endian
std::uint32_t fixed32(const char* from);
// Small for numbers near zero, of either sign.
inline std::uint64_t zigzag(std::int64_t n) {
  return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}
inline std::int64_t unzigzag(std::uint64_t n) {
  return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
}

// Takes what was appended off the front. Once something was not there, all further answers are empty and ok() is false.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : left_(bytes) {}
  std::uint64_t varint();
  std::string_view text();
  bool ok() const { return ok_; }
  std::string_view left() const { return left_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace gust::logs
