#include "env/random.h"

#include "base/assert.h"

#include <fmt/format.h>

#include <sys/random.h>

#include <array>

namespace gust::env {

std::uint64_t Random::u64() {
  std::uint64_t value = 0;
  fill(std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

std::string Random::pick(std::size_t length, std::string_view alphabet) {
  std::string out;
  out.reserve(length);
  for (std::size_t i = 0; i < length; ++i) out += alphabet[u64() % alphabet.size()];
  return out;
}

std::string Random::uuid() {
  std::array<unsigned char, 16> b{};
  fill(std::as_writable_bytes(std::span(b)));
  b[6] = (b[6] & 0x0f) | 0x40;
  b[8] = (b[8] & 0x3f) | 0x80;
  return fmt::format(
      "{:02x}{:02x}{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}-{:02x}{:02x}{:02x}{:02x}{:02x}{:02x}", b[0],
      b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}

void SystemRandom::fill(std::span<std::byte> out) {
  while (!out.empty()) {
    const auto n = ::getrandom(out.data(), out.size(), 0);
    GUST_ASSERT(n > 0 || errno == EINTR);
    if (n > 0) out = out.subspan(static_cast<std::size_t>(n));
  }
}

void SeededRandom::fill(std::span<std::byte> out) {
  std::lock_guard lock(mutex_);
  for (auto& b : out) b = static_cast<std::byte>(engine_() >> 56);
}

}  // namespace gust::env
