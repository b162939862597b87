#include "cli/dev/watch.h"

#include <fmt/format.h>

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kEvents =
    IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_EXCL_UNLINK;
constexpr Millis kQuiet{15};  // editors write a file in several steps

bool is_made_by_tools(std::string_view name) {
  return name.starts_with('.') || name == "node_modules" || name == "__pycache__" || name.ends_with('~') ||
         name.ends_with(".swp") || name.ends_with(".pyc") || name == "4913";
}

}  // namespace

Result<Watch> Watch::open(std::string folder) {
  Watch out(std::move(folder));
  out.fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (out.fd_ < 0) return fail_errno("watching files", errno);
  GUST_CHECK(out.add(""));
  return out;
}

Watch::Watch(Watch&& other) noexcept
    : folder_(std::move(other.folder_)), fd_(std::exchange(other.fd_, -1)), folders_(std::move(other.folders_)) {}

Watch::~Watch() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> Watch::add(const std::string& below) {
  const auto path = below.empty() ? folder_ : folder_ + "/" + below;
  const int watch = ::inotify_add_watch(fd_, path.c_str(), kEvents);
  if (watch < 0) {
    if (!below.empty() && (errno == ENOENT || errno == ENOTDIR)) return {};  // gone again
    const auto* const hint = errno == ENOSPC ? "; raise fs.inotify.max_user_watches" : "";
    return fail_errno(fmt::format("watching '{}'{}", path, hint), errno);
  }
  folders_[watch] = below;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const auto name = entry.path().filename().string();
    if (entry.is_directory(error) && !entry.is_symlink(error) && !is_made_by_tools(name))
      GUST_CHECK(add(below.empty() ? name : below + "/" + name));
  }
  return {};
}

// False when there was nothing.
bool Watch::read(std::vector<std::string>& into) {
  alignas(inotify_event) std::array<char, 64 << 10> buffer;
  const auto n = ::read(fd_, buffer.data(), buffer.size());
  if (n <= 0) return false;
  for (std::size_t at = 0; at < static_cast<std::size_t>(n);) {
    const auto* const event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
    at += sizeof(inotify_event) + event->len;
    const auto folder = folders_.find(event->wd);
    if (event->len == 0 || folder == folders_.end()) continue;
    const std::string name(event->name);
    if (is_made_by_tools(name)) continue;
    const auto path = folder->second.empty() ? name : folder->second + "/" + name;
    const bool is_folder = (event->mask & IN_ISDIR) != 0;
    if (is_folder && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) [[maybe_unused]]
      const auto added = add(path);
    // A file that is only made says more when it is closed.
    if (!is_folder && (event->mask & IN_CREATE) != 0) continue;
    if (std::ranges::find(into, path) == into.end()) into.push_back(path);
  }
  return true;
}

Result<std::vector<std::string>> Watch::wait(Millis patience) {
  std::vector<std::string> out;
  pollfd waiting{fd_, POLLIN, 0};
  auto left = patience;
  while (::poll(&waiting, 1, static_cast<int>(left.count())) > 0) {
    while (read(out)) {}
    left = kQuiet;
  }
  return out;
}

}  // namespace gust::cli
