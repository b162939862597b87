// bench_logs_fill FOLDER GIGABYTES: writes so many bytes of messages into the folder of a log group, as the daemon
// would: lines of a web server as JSON, with ids, and the platform's lines; one in ten million names a needle.
#include "logs/group_folder.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

namespace logs = gust::logs;

namespace {

class Writer {
 public:
  explicit Writer(std::string folder) : folder_(std::move(folder), {}) {}

  bool fill(double gigabytes) {
    if (!folder_.open()) return false;
    const auto wanted = static_cast<std::uint64_t>(gigabytes * 1e9);
    while (bytes_ < wanted) {
      auto batch = std::make_shared<logs::Batch>();
      for (int i = 0; i < 1000; ++i) add(*batch);
      if (!folder_.append(std::move(batch))) return false;
    }
    std::printf("%llu events, %llu bytes\n", static_cast<unsigned long long>(sequence_ - 1),
                static_cast<unsigned long long>(bytes_));
    return true;
  }

 private:
  std::string id() {
    const auto a = random_(), b = random_();
    return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xfff, b >> 52,
                       b & 0xffffffffffff);
  }

  void add(logs::Batch& batch) {
    constexpr const char* kPaths[] = {"/cart", "/login", "/search", "/items", "/health", "/orders/recent"};
    const auto n = random_();
    const auto request = id();
    std::string message;
    if (n % 4 == 0) {
      message = fmt::format(
          "REPORT RequestId: {}\tDuration: {}.{:02} ms\tBilled Duration: {} ms\tMemory Size: 128 MB\t"
          "Max Memory Used: {} MB",
          request, n % 300, n % 100, n % 300 + 1, 40 + n % 60);
    } else {
      const int status = n % 1000 == 1 ? 503 : n % 50 == 1 ? 404 : 200;
      message = fmt::format(
          R"({{"level":"{}","request":"{}","path":"{}/{}","status":{},"ms":{},"user":"u{}","message":"done{}"}})",
          status == 503 ? "ERROR" : "INFO", request, kPaths[n % 6], n % 9973, status, n % 700, n >> 40 & 0xffff,
          sequence_ % 10'000'000 == 5'000'000 ? " needle4711" : "");
    }
    bytes_ += message.size();
    at_ms_ += n % 3 == 0 ? 1 : 0;
    batch.push_back({at_ms_, at_ms_, sequence_++, fmt::format("instance{}", n % 40), request, std::move(message)});
  }

  logs::GroupFolder folder_;
  std::mt19937_64 random_{1};
  std::uint64_t bytes_ = 0, sequence_ = 1;
  std::int64_t at_ms_ = 1'790'000'000'000;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return std::fputs("bench_logs_fill FOLDER GIGABYTES\n", stderr), 2;
  return Writer(argv[1]).fill(std::atof(argv[2])) ? 0 : 1;
}
