#include "env/random.h"

#include "base/assert.h"

#include <string.h>
#include <sys/random.h>

#include <algorithm>
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
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += kDigits[b[i] >> 4];
    out += kDigits[b[i] & 15];
  }
  return out;
}

namespace {

void from_kernel(std::span<std::byte> out) {
  while (!out.empty()) {
    const auto n = ::getrandom(out.data(), out.size(), 0);
    GUST_ASSERT(n > 0 || errno == EINTR);
    if (n > 0) out = out.subspan(static_cast<std::size_t>(n));
  }
}

// Bytes that a thread has from the kernel and that nobody has got yet. A forked process would give the same ones once
// more: the daemon never forks.
struct Pool {
  std::array<std::byte, 1024> bytes;
  std::size_t left;
};
constinit thread_local Pool pool{};

}  // namespace

void SystemRandom::fill(std::span<std::byte> out) {
  if (out.size() > pool.bytes.size() / 4) return from_kernel(out);
  if (pool.left < out.size()) {
    from_kernel(pool.bytes);
    pool.left = pool.bytes.size();
  }
  pool.left -= out.size();
  const auto given = std::span(pool.bytes).subspan(pool.left, out.size());
  std::ranges::copy(given, out.begin());
  ::explicit_bzero(given.data(), given.size());
}

void SeededRandom::fill(std::span<std::byte> out) {
  std::lock_guard lock(mutex_);
  for (auto& b : out) b = static_cast<std::byte>(engine_() >> 56);
}

}  // namespace gust::env
