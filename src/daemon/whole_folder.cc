#include "daemon/whole_folder.h"

#include "env/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace gust::daemon {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMarker = "/unfinished";

std::string parent_of(const std::string& folder) { return fs::path(folder).parent_path().string(); }

}  // namespace

Result<WholeFolder> WholeFolder::begin(std::string folder) {
  std::error_code error;
  folder = fs::absolute(folder, error).lexically_normal().string();
  while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
  if (fs::exists(folder, error) && !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return fail(Code::kAlreadyExists, fmt::format("'{}' is there already and is not an empty folder", folder),
                "folder");
  }
  if (!fs::is_directory(parent_of(folder), error)) {
    return fail(Code::kInvalid, fmt::format("there is no folder '{}' to make '{}' in", parent_of(folder), folder),
                "folder");
  }
  WholeFolder made(std::move(folder));
  const auto path = made.path();
  if (fs::exists(path, error)) {
    if (!fs::exists(path + kMarker, error)) {
      made.folder_.clear();
      return fail(Code::kAlreadyExists, fmt::format("'{}' is there and is nothing of Gust's", path), "folder");
    }
    fs::remove_all(path, error);
  }
  if (!error) fs::create_directory(path, error);
  if (error) return fail_errno(fmt::format("making the folder '{}'", path), error.value());
  fs::permissions(path, fs::perms::owner_all, error);  // the keys of the accounts are in it
  GUST_CHECK(write_synced(path + kMarker, "This was never finished: it is of no use.\n"));
  return made;
}

WholeFolder::~WholeFolder() {
  std::error_code ignored;
  if (!folder_.empty()) fs::remove_all(path(), ignored);
}

Result<void> WholeFolder::finish() {
  auto& files = env::system_files();
  GUST_CHECK(files.remove(path() + kMarker));
  GUST_CHECK(files.sync_folder(path()));
  GUST_CHECK(files.rename(path(), folder_));
  GUST_CHECK(files.sync_folder(parent_of(folder_)));
  folder_.clear();
  return {};
}

Result<void> write_synced(const std::string& path, const std::string& text) {
  GUST_TRY(const auto file, env::system_files().create(path));
  const std::array<std::span<const std::byte>, 1> bytes{std::as_bytes(std::span(text))};
  GUST_CHECK(file->append(bytes));
  return file->sync();
}

Result<void> copy_synced(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::copy_file(from, to, error);
  if (error) return fail_errno(fmt::format("copying '{}' to '{}'", from, to), error.value());
  const int fd = ::open(to.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int number = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) return fail_errno(fmt::format("syncing '{}'", to), number);
  return {};
}

}  // namespace gust::daemon
