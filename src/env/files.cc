#include "env/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <utility>

namespace gust::env {
namespace {

constexpr std::size_t kMaxPieces = 1024;  // IOV_MAX

class SystemFile final : public File {
 public:
  SystemFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  SystemFile(const SystemFile&) = delete;
  ~SystemFile() override { ::close(fd_); }

  Result<void> append(std::span<const std::span<const std::byte>> pieces) override {
    std::vector<iovec> vectors;
    for (const auto& piece : pieces) vectors.push_back({const_cast<std::byte*>(piece.data()), piece.size()});
    for (std::span<iovec> left(vectors); !left.empty();) {
      const auto n = ::writev(fd_, left.data(), static_cast<int>(std::min(left.size(), kMaxPieces)));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(fmt::format("writing '{}'", path_), errno);
      left = behind(left, static_cast<std::size_t>(n));
    }
    return {};
  }

  Result<std::size_t> read(std::uint64_t offset, std::span<const std::span<std::byte>> pieces) override {
    std::vector<iovec> vectors;
    for (const auto& piece : pieces) vectors.push_back({piece.data(), piece.size()});
    std::size_t done = 0;
    for (std::span<iovec> left(vectors); !left.empty();) {
      const auto n = ::preadv(fd_, left.data(), static_cast<int>(std::min(left.size(), kMaxPieces)),
                              static_cast<off_t>(offset + done));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno(fmt::format("reading '{}'", path_), errno);
      if (n == 0) break;
      done += static_cast<std::size_t>(n);
      left = behind(left, static_cast<std::size_t>(n));
    }
    return done;
  }

  Result<void> sync() override {
    if (::fdatasync(fd_) != 0) return fail_errno(fmt::format("syncing '{}'", path_), errno);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat info{};
    if (::fstat(fd_, &info) != 0) return fail_errno(fmt::format("looking at '{}'", path_), errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

 private:
  // What is left of the pieces behind the first `n` bytes.
  static std::span<iovec> behind(std::span<iovec> pieces, std::size_t n) {
    while (!pieces.empty() && n >= pieces.front().iov_len) {
      n -= pieces.front().iov_len;
      pieces = pieces.subspan(1);
    }
    if (n > 0) {
      pieces.front().iov_base = static_cast<char*>(pieces.front().iov_base) + n;
      pieces.front().iov_len -= n;
    }
    return pieces;
  }

  int fd_;
  std::string path_;
};

}  // namespace

Result<std::unique_ptr<File>> SystemFiles::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return fail_errno(fmt::format("making '{}'", path), errno);
  return std::make_unique<SystemFile>(fd, path);
}

Result<std::unique_ptr<File>> SystemFiles::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  return std::make_unique<SystemFile>(fd, path);
}

Result<void> SystemFiles::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) return fail_errno(fmt::format("naming '{}'", to), errno);
  return {};
}

Result<void> SystemFiles::link(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) != 0) return fail_errno(fmt::format("linking '{}' to '{}'", from, to), errno);
  return {};
}

Result<void> SystemFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return fail_errno(fmt::format("removing '{}'", path), errno);
  return {};
}

Result<void> SystemFiles::sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) return fail_errno(fmt::format("syncing the folder '{}'", path), error);
  return {};
}

Result<void> SystemFiles::make_folder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return fail_errno(fmt::format("making the folder '{}'", path), error.value());
  return {};
}

Result<std::vector<std::string>> SystemFiles::list(const std::string& path) {
  std::error_code error;
  std::vector<std::string> out;
  for (std::filesystem::directory_iterator it(path, error), end; !error && it != end; it.increment(error))
    out.push_back(it->path().filename().string());
  if (error) return fail_errno(fmt::format("listing '{}'", path), error.value());
  std::ranges::sort(out);
  return out;
}

Result<FileInfo> SystemFiles::info(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) return fail_errno(fmt::format("looking at '{}'", path), errno);
  const auto modified_ms = static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1000 + info.st_mtim.tv_nsec / 1'000'000;
  return FileInfo{static_cast<std::uint64_t>(info.st_size), from_epoch_ms(modified_ms)};
}

Files& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace gust::env
