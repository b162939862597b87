#include "functions/unpack.h"

#include "functions/archive.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;

struct File {
  explicit File(int fd) : fd(fd) {}
  ~File() { ::close(fd); }
  File(const File&) = delete;
  int fd;
};

std::unexpected<Error> bad(std::string message) { return fail(Code::kInvalid, std::move(message), "zip"); }

class Unpacking {
 public:
  Unpacking(archive* from, fs::path root, const UnpackLimits& limits)
      : from_(from), root_(std::move(root)), limits_(limits) {}

  Result<void> run() {
    for (std::uint64_t count = 0;; ++count) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(from_, &entry);
      if (status == ARCHIVE_EOF) {
        if (count == 0) return bad("the zip is empty or is not a zip");
        GUST_CHECK(open_folders());
        return make_links();
      }
      if (status != ARCHIVE_OK) return bad("the zip cannot be read; it is damaged or not a zip");
      if (count >= limits_.entries) {
        return fail(Code::kTooLarge, fmt::format("the zip has more than {} entries", limits_.entries), "zip");
      }
      GUST_CHECK(take(entry));
    }
  }

 private:
  Result<void> take(archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return bad("the zip has an entry whose name cannot be read");
    GUST_TRY(const fs::path path, safe_path(name, "zip"));
    if (archive_entry_hardlink(entry) != nullptr) {
      return bad(fmt::format("the zip holds the hard link '{}'; put the file itself in", name));
    }
    if (const char* target = archive_entry_symlink(entry); target != nullptr) return take_link(path, target);
    const auto type = archive_entry_filetype(entry);
    if (type == AE_IFDIR) return make_folder(path);
    if (type != AE_IFREG) return bad(fmt::format("'{}' in the zip is neither a file nor a folder", name));
    if (path.empty() || !names_.insert(path.native()).second) return bad(fmt::format("the zip names '{}' twice", name));
    GUST_CHECK(make_folder(path.parent_path()));
    return write_file(path, archive_entry_perm(entry));
  }

  // Links are made last, so that nothing is written through one. ".." may only lead its target: after a name it could
  // go up from where another link leads.
  Result<void> take_link(const fs::path& path, const fs::path& target) {
    if (path.empty() || !names_.insert(path.native()).second)
      return bad(fmt::format("the zip names '{}' twice", path.native()));
    auto depth = std::distance(path.begin(), path.end()) - 1;
    bool named = false;
    bool inside = target.is_relative() && !target.empty();
    for (const auto& part : target) {
      if (part == "..") {
        inside = inside && !named && --depth >= 0;
      } else if (!part.empty() && part != ".") {
        named = true;
      }
    }
    if (!inside) return bad(fmt::format("the link '{}' in the zip leaves the function's folder", path.native()));
    GUST_CHECK(make_folder(path.parent_path()));
    links_.emplace_back(path, target);
    return {};
  }

  Result<void> make_links() {
    for (const auto& [path, target] : links_) {
      if (::symlink(target.c_str(), (root_ / path).c_str()) == 0) continue;
      if (errno == EEXIST) return bad(fmt::format("the zip names '{}' twice", path.native()));
      return fail_errno("make a link of the function's code", errno);
    }
    return {};
  }

  // The sandbox runs as another user, which must be able to enter every folder, whatever the daemon's umask is.
  Result<void> open_folders() {
    if (::chmod(root_.c_str(), 0755) != 0) return fail_errno("open the folder of the function's code", errno);
    std::error_code error;
    for (fs::recursive_directory_iterator it(root_, error), end; !error && it != end; it.increment(error)) {
      if (it->symlink_status(error).type() != fs::file_type::directory) continue;
      if (::chmod(it->path().c_str(), 0755) != 0) return fail_errno("open a folder of the function's code", errno);
    }
    if (error) return fail_errno("read the folder of the function's code", error.value());
    return {};
  }

  Result<void> make_folder(const fs::path& path) {
    std::error_code error;
    fs::create_directories(root_ / path, error);
    if (error == std::errc::not_a_directory || error == std::errc::file_exists) {
      return bad(fmt::format("the zip names '{}' both as a file and as a folder", path.native()));
    }
    if (error) return fail_errno("make a folder of the function's code", error.value());
    return {};
  }

  Result<void> write_file(const fs::path& path, ::mode_t mode) {
    // The sandbox runs as another user, which must be able to read it; executable for all when the zip says so for any.
    const ::mode_t wanted = (mode & 0111) != 0 ? 0755 : 0644;
    const int fd = ::open((root_ / path).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, wanted);
    if (fd < 0 && errno == EEXIST) return bad(fmt::format("the zip names '{}' twice", path.native()));
    if (fd < 0) return fail_errno("write a file of the function's code", errno);
    const File file(fd);
    std::array<char, 65536> piece;
    for (;;) {
      const auto got = archive_read_data(from_, piece.data(), piece.size());
      if (got == 0) break;
      if (got < 0) return bad(fmt::format("'{}' in the zip cannot be read; the zip is damaged", path.native()));
      total_ += static_cast<std::uint64_t>(got);
      if (total_ > limits_.total_bytes) {
        auto message = fmt::format("Unzipped size must be smaller than {} bytes", limits_.total_bytes);
        return fail(Code::kTooLarge, std::move(message), "zip");
      }
      GUST_CHECK(write_all(fd, std::string_view(piece.data(), static_cast<std::size_t>(got))));
    }
    if (::fchmod(fd, wanted) != 0) return fail_errno("write a file of the function's code", errno);
    return {};
  }

  static Result<void> write_all(int fd, std::string_view data) {
    while (!data.empty()) {
      const auto n = ::write(fd, data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return fail_errno("write a file of the function's code", errno);
      data.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  archive* from_;
  fs::path root_;
  UnpackLimits limits_;
  std::set<std::string> names_;
  std::vector<std::pair<fs::path, fs::path>> links_;  // with their targets
  std::uint64_t total_ = 0;
};

}  // namespace

Result<void> unpack(std::span<const std::byte> zip, const std::string& folder, const UnpackLimits& limits) {
  if (::mkdir(folder.c_str(), 0755) != 0) return fail_errno("make the folder of the function's code", errno);
  const ArchivePtr reader(archive_read_new());
  Result<void> done = fail(Code::kInternal, "libarchive has no zip reader");
  if (reader && archive_read_support_format_zip_seekable(reader.get()) == ARCHIVE_OK) {
    if (archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) {
      done = bad("the zip cannot be read; it is damaged or not a zip");
    } else {
      done = Unpacking(reader.get(), folder, limits).run();
    }
  }
  if (!done) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  return done;
}

Result<FolderSize> measure(const std::string& folder) {
  FolderSize out;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->symlink_status(error).type() != fs::file_type::regular) continue;
    ++out.files;
    const auto bytes = it->file_size(error);
    if (!error) out.bytes += bytes;
  }
  if (error) return fail_errno(fmt::format("read the folder '{}'", folder), error.value());
  return out;
}

}  // namespace gust::functions
