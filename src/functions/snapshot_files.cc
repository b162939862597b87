#include "functions/snapshot_files.h"

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

Result<void> sync_folder(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail_errno(fmt::format("opening '{}'", path), errno);
  const int error = ::fsync(fd) < 0 ? errno : 0;
  ::close(fd);
  if (error != 0) return fail_errno(fmt::format("syncing '{}'", path), error);
  return {};
}

}  // namespace

bool has_snapshot_tools(const std::string& folder) {
  std::error_code ignored;
  return !folder.empty() && fs::exists(folder + "/restore", ignored);
}

Result<std::map<std::string, std::uint64_t>> open_snapshots(const std::string& root) {
  std::error_code error;
  const auto mark = root + "/boot";
  const auto boot = text_of(kBootId);
  if (text_of(mark) != boot) fs::remove_all(root, error);
  if (!error) fs::create_directories(root, error);
  if (error) return fail_errno(fmt::format("making '{}'", root), error.value());
  ::chmod(root.c_str(), 0711);
  std::ofstream out(mark, std::ios::trunc);
  out << boot;
  out.close();
  if (!out) return fail_errno(fmt::format("writing '{}'", mark), errno);
  std::map<std::string, std::uint64_t> images;
  for (const auto& entry : fs::directory_iterator(root, error)) {
    if (!entry.is_directory()) continue;
    std::error_code missing;
    const auto bytes = fs::file_size(entry.path() / "image", missing);
    images[entry.path().filename().string()] = missing ? 0 : bytes;
  }
  if (error) return fail_errno(fmt::format("reading '{}'", root), error.value());
  return images;
}

ImageFile::~ImageFile() { ::close(fd_); }

Result<void> ImageFile::write(std::span<const std::byte> bytes) const {
  while (!bytes.empty()) {
    const auto n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("writing '{}/image'", folder_), errno);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

Result<void> ImageFile::keep() const {
  if (::fsync(fd_) < 0) return fail_errno(fmt::format("syncing '{}/image'", folder_), errno);
  GUST_CHECK(sync_folder(folder_));
  return sync_folder(fs::path(folder_).parent_path().string());
}

Result<std::shared_ptr<ImageFile>> new_image(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail_errno(fmt::format("making '{}'", folder), error.value());
  ::chmod(folder.c_str(), 0755);
  const int fd = ::open((folder + "/image").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return fail_errno(fmt::format("making '{}/image'", folder), errno);
  ::fchmod(fd, 0644);
  return std::make_shared<ImageFile>(fd, folder);
}

}  // namespace gust::functions
