#include "meter/day_file.h"

#include "base/log.h"
#include "codec/crc.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <span>

namespace gust::meter {
namespace {

constexpr std::size_t kCrcDigits = 8;

std::string crc_of(std::string_view text) {
  return fmt::format("{:08x}", codec::crc32(0, std::as_bytes(std::span(text.data(), text.size()))));
}

// Cuts off the line that a crash left unfinished.
Result<void> mend_tail(int fd, const std::string& path) {
  auto size = ::lseek(fd, 0, SEEK_END);
  char last = '\n';
  const auto whole = size;
  while (size > 0 && ::pread(fd, &last, 1, size - 1) == 1 && last != '\n') --size;
  if (size == whole) return {};
  GUST_WARN("meter: '{}' ended within a record; its {} bytes are cut off", path, whole - size);
  if (::ftruncate(fd, size) != 0) return fail_errno(fmt::format("cutting '{}'", path), errno);
  return {};
}

}  // namespace

std::string sealed_line(std::string_view text) { return fmt::format("{} {}\n", crc_of(text), text); }

std::uint64_t read_sealed(std::string_view bytes, const std::function<bool(std::string_view)>& take,
                          std::size_t* used) {
  std::uint64_t damaged = 0;
  std::size_t at = 0;
  for (;;) {
    const auto end = bytes.find('\n', at);
    if (end == std::string_view::npos) break;  // being written, or cut off by a crash
    const auto line = bytes.substr(at, end - at);
    at = end + 1;
    const bool sound = line.size() > kCrcDigits && line.substr(0, kCrcDigits) == crc_of(line.substr(kCrcDigits + 1));
    if (!sound || !take(line.substr(kCrcDigits + 1))) ++damaged;
  }
  if (used != nullptr) *used = at;
  return damaged;
}

Result<void> append_bytes(const std::string& path, const std::string& bytes) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  Result<void> done = mend_tail(fd, path);
  const auto before = ::lseek(fd, 0, SEEK_END);
  for (std::size_t at = 0; done && at < bytes.size();) {
    const auto n = ::write(fd, bytes.data() + at, bytes.size() - at);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      done = fail_errno(fmt::format("writing '{}'", path), errno);
      if (::ftruncate(fd, before) != 0) GUST_WARN("meter: '{}' may end within a record", path);
      break;
    }
    at += static_cast<std::size_t>(n);
  }
  ::close(fd);
  return done;
}

std::string bytes_of(const std::string& path, std::uint64_t offset) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset));
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace gust::meter
