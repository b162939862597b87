// What bounds the object store, bare, each on one thread; prints one number:
//   bench_objects_limits commits FOLDER BYTES BATCH SECONDS  writes a second: BATCH writes to a log, then a fdatasync
//   bench_objects_limits hashes KIND BYTES SECONDS           MB a second of MD5 and a checksum (crc32, crc64nvme) in
//                                                            one pass, as the object store takes them
//   bench_objects_limits seals BYTES SECONDS                 MB a second of AES-256-GCM, as the object store has it
#include "objects/hasher.h"
#include "objects/sealing.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPiece = 256 << 10;  // as large as the store's own, so that later passes find it in the cache

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

int commits(const std::string& folder, std::size_t bytes, std::size_t batch, double seconds) {
  const auto file = folder + "/commits";
  const int fd = ::open(file.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  if (fd < 0) return 1;
  const std::vector<char> body(bytes, 'x');
  const auto began = Clock::now();
  std::size_t written = 0;
  for (; seconds_since(began) < seconds; written += batch) {
    for (std::size_t i = 0; i < batch; ++i) {
      if (::write(fd, body.data(), bytes) != static_cast<ssize_t>(bytes)) return 1;
    }
    if (::fdatasync(fd) != 0) return 1;
  }
  std::printf("%.1f\n", static_cast<double>(written) / seconds_since(began));
  ::close(fd);
  return ::unlink(file.c_str()) == 0 ? 0 : 1;
}

int hashes(const std::string& kind, std::size_t bytes, double seconds) {
  using gust::objects::ChecksumKind;
  const std::vector<std::byte> body(bytes, std::byte{42});
  const auto began = Clock::now();
  std::size_t rounds = 0;
  for (; seconds_since(began) < seconds; ++rounds) {
    gust::objects::Hasher hasher(kind == "crc32" ? ChecksumKind::kCrc32 : ChecksumKind::kCrc64Nvme);
    for (auto left = std::span(body); !left.empty(); left = left.subspan(std::min(kPiece, left.size())))
      hasher.update(left.first(std::min(kPiece, left.size())));
    if (hasher.finish().md5.size() != 16) return 1;
  }
  std::printf("%.1f\n", static_cast<double>(rounds * bytes) / 1e6 / seconds_since(began));
  return 0;
}

int seals(std::size_t bytes, double seconds) {
  const std::vector<std::byte> body(bytes, std::byte{42});
  std::array<std::byte, gust::codec::Key256::kBytes> key{};
  const auto began = Clock::now();
  std::size_t rounds = 0;
  for (; seconds_since(began) < seconds; ++rounds) {
    gust::objects::Sealer sealer{gust::codec::Key256(key)};
    for (auto left = std::span(body); !left.empty(); left = left.subspan(std::min(kPiece, left.size())))
      sealer.feed(left.first(std::min(kPiece, left.size())));
    if (sealer.finish().empty()) return 1;
  }
  std::printf("%.1f\n", static_cast<double>(rounds * bytes) / 1e6 / seconds_since(began));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int i) { return std::strtod(argv[i], nullptr); };
  const auto count = [&](int i) { return static_cast<std::size_t>(std::strtoull(argv[i], nullptr, 10)); };
  if (argc == 6 && std::strcmp(argv[1], "commits") == 0) return commits(argv[2], count(3), count(4), number(5));
  if (argc == 5 && std::strcmp(argv[1], "hashes") == 0) return hashes(argv[2], count(3), number(4));
  if (argc == 4 && std::strcmp(argv[1], "seals") == 0) return seals(count(2), number(3));
  std::fprintf(stderr,
               "usage: bench_objects_limits commits FOLDER BYTES BATCH SECONDS | hashes KIND BYTES SECONDS | "
               "seals BYTES SECONDS\n");
  return 2;
}
