// Random: ids and secrets. SystemRandom is the kernel's generator; SeededRandom repeats itself, for tests. Any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace gust::env {

class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  std::uint64_t u64();
  // `length` characters, each drawn evenly from `alphabet`.
  std::string pick(std::size_t length, std::string_view alphabet);
  // A version 4 UUID in lower case (RFC 9562).
  std::string uuid();
};

class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::mutex mutex_;
  std::mt19937_64 engine_;
};

}  // namespace gust::env
