#include "functions/image_root.h"

#include "codec/digest.h"
#include "codec/hex.h"
#include "functions/archive.h"
#include "sandbox/fd.h"
#include "sandbox/sandbox.h"

#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>
#include <system_error>

namespace gust::functions {
namespace {

namespace fs = std::filesystem;
using sandbox::Fd;

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::ptrdiff_t kMaxDepth = 200;  // of folders, also where links lead from one to another
constexpr std::size_t kMaxTarget = 4095;

std::unexpected<Error> bad(std::string message) { return fail(Code::kInvalid, std::move(message), "image"); }

// As a process would open it whose root is `root`: no link leads out.
Fd open_inside(int root, const fs::path& path, std::uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  const auto& name = path.native();
  return Fd(static_cast<int>(::syscall(SYS_openat2, root, name.empty() ? "." : name.c_str(), &how, sizeof(how))));
}

// The tar of a layer, packed or not, as it is read: counted and digested.
class LayerTar {
 public:
  LayerTar(const ImageLayer& layer, std::uint64_t& total, std::uint64_t limit)
      : layer_(layer), raw_(archive_read_new()), tar_(archive_read_new()), total_(total), limit_(limit) {}

  Result<void> open() {
    using Packing = ImageLayer::Packing;
    if (!raw_ || !tar_) return fail(Code::kInternal, "libarchive has no reader");
    archive_read_support_format_raw(raw_.get());
    if (layer_.packing == Packing::kGzip || layer_.packing == Packing::kAny)
      archive_read_support_filter_gzip(raw_.get());
    if (layer_.packing == Packing::kZstd || layer_.packing == Packing::kAny)
      archive_read_support_filter_zstd(raw_.get());
    archive_entry* ignored = nullptr;
    if (archive_read_open_filename(raw_.get(), layer_.file.c_str(), 256 << 10) != ARCHIVE_OK ||
        archive_read_next_header(raw_.get(), &ignored) != ARCHIVE_OK)
      return failed();
    archive_read_support_format_tar(tar_.get());
    archive_read_set_callback_data(tar_.get(), this);
    archive_read_set_read_callback(tar_.get(), [](archive*, void* self, const void** out) {
      return static_cast<LayerTar*>(self)->more(out);
    });
    if (archive_read_open1(tar_.get()) != ARCHIVE_OK) return failed();
    return {};
  }

  archive* tar() const { return tar_.get(); }

  // What follows the last entry belongs to the layer's digest, too.
  Result<void> finish() {
    const void* ignored = nullptr;
    la_ssize_t got = 0;
    while ((got = more(&ignored)) > 0) {
    }
    if (got < 0) return failed();
    const auto digest = codec::to_hex(digest_.finish());
    if (digest == layer_.diff_id) return {};
    return bad(fmt::format("a layer does not match its diff_id: its tar has sha256:{}, and the image's configuration "
                           "says sha256:{}",
                           digest, layer_.diff_id));
  }

  std::unexpected<Error> failed() const {
    if (total_ > limit_) {
      return fail(Code::kTooLarge, fmt::format("the image's layers have more than {} bytes uncompressed", limit_),
                  "image");
    }
    return bad("a layer of the image cannot be read; it is damaged, no tar, or packed in another way than its media "
               "type says");
  }

 private:
  la_ssize_t more(const void** out) {
    const auto got = archive_read_data(raw_.get(), piece_.data(), piece_.size());
    if (got > 0) {
      digest_.update(std::string_view(piece_).substr(0, static_cast<std::size_t>(got)));
      total_ += static_cast<std::uint64_t>(got);
    }
    *out = piece_.data();
    return got < 0 || total_ > limit_ ? -1 : got;
  }

  const ImageLayer& layer_;
  ArchivePtr raw_, tar_;
  codec::Digest digest_{codec::DigestKind::kSha256};
  std::string piece_ = std::string(256 << 10, '\0');
  std::uint64_t& total_;
  std::uint64_t limit_;
};

class Root {
 public:
  Root(Fd folder, const ImageLimits& limits) : root_(std::move(folder)), limits_(limits) {}

  Result<void> add(const ImageLayer& layer) {
    mine_.clear();
    emptied_.clear();
    mine_bytes_ = 0;
    LayerTar tar(layer, total_, limits_.total_bytes);
    GUST_CHECK(tar.open());
    for (;;) {
      archive_entry* entry = nullptr;
      const int status = archive_read_next_header(tar.tar(), &entry);
      if (status == ARCHIVE_EOF) return tar.finish();
      if (status != ARCHIVE_OK) return tar.failed();
      if (++entries_ > limits_.entries) {
        return fail(Code::kTooLarge, fmt::format("the image's layers have more than {} entries", limits_.entries),
                    "image");
      }
      GUST_CHECK(take(tar, entry));
    }
  }

  // The mount points of a sandbox are folders and files of their own, whatever the image has there.
  Result<void> finish() {
    for (const char* name : sandbox::kRootFolders) GUST_CHECK(make_folder(root_.get(), name));
    for (const fs::path name : sandbox::kRootFiles) {
      GUST_TRY(const auto folder, open_folder(name.parent_path(), Missing::kMade));
      const auto base = name.filename().native();
      if (kind_of(folder.get(), base) == S_IFREG) continue;
      GUST_CHECK(remove(folder.get(), base));
      GUST_CHECK(create(folder.get(), base, 0644));
    }
    return {};
  }

 private:
  enum class Missing { kMade, kLeft };

  static mode_t kind_of(int folder, const std::string& name) {
    struct stat about{};
    return ::fstatat(folder, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 ? about.st_mode & S_IFMT : 0;
  }

  static Result<void> remove(int folder, const std::string& name) {
    if (::unlinkat(folder, name.c_str(), 0) == 0 || errno == ENOENT) return {};
    std::error_code error;
    fs::remove_all(fs::path(fmt::format("/proc/self/fd/{}", folder)) / name, error);
    if (error) return fail_errno("remove what a layer replaces", error.value());
    return {};
  }

  static Result<void> make_folder(int folder, const std::string& name) {
    if (kind_of(folder, name) == S_IFDIR) return {};
    GUST_CHECK(remove(folder, name));
    // The sandbox runs as another user, whatever the daemon's umask is.
    if (::mkdirat(folder, name.c_str(), 0755) != 0 || ::fchmodat(folder, name.c_str(), 0755, 0) != 0)
      return fail_errno("make a folder of the image", errno);
    return {};
  }

  static Result<Fd> create(int folder, const std::string& name, mode_t mode) {
    Fd file(::openat(folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
    if (!file || ::fchmod(file.get(), mode) != 0) return fail_errno("write a file of the image", errno);
    return file;
  }

  // The folder at `path`, links followed as inside; an empty Fd where it is left missing.
  Result<Fd> open_folder(const fs::path& path, Missing missing) {
    auto found = open_inside(root_.get(), path, O_RDONLY | O_DIRECTORY);
    if (!found && errno == ENOENT) {
      if (missing == Missing::kLeft) return found;
      GUST_TRY(const auto above, open_folder(path.parent_path(), missing));
      if (kind_of(above.get(), path.filename()) != 0)
        return bad(
            fmt::format("'{}' in the image is a link that leads nowhere, and has files below it", path.native()));
      GUST_CHECK(make_folder(above.get(), path.filename()));
      found = open_inside(root_.get(), path, O_RDONLY | O_DIRECTORY);
    }
    if (!found && (errno == ENOTDIR || errno == ELOOP)) {
      if (missing == Missing::kLeft) return Fd();
      return bad(fmt::format("'{}' in the image is no folder, and has files below it", path.native()));
    }
    if (!found) return fail_errno("open a folder of the image", errno);
    char where[2 * PATH_MAX];
    const auto size = ::readlink(fmt::format("/proc/self/fd/{}", found.get()).c_str(), where, sizeof(where));
    if (size < 0 || std::count(where, where + size, '/') > 2 * kMaxDepth)
      return bad(fmt::format("the image's folders lie more than {} deep", kMaxDepth));
    return found;
  }

  Result<void> take(const LayerTar& tar, archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return bad("the image has an entry whose name cannot be read");
    GUST_TRY(const auto path, safe_path(name, "image"));
    if (path.empty()) return {};
    if (std::distance(path.begin(), path.end()) > kMaxDepth)
      return bad(fmt::format("the image's folders lie more than {} deep", kMaxDepth));
    const auto base = path.filename().native();
    if (base.starts_with(kWhiteout)) return take_whiteout(path);
    const auto kind = archive_entry_filetype(entry);
    const char* link = archive_entry_hardlink(entry);
    if (link == nullptr && kind != AE_IFDIR && kind != AE_IFREG && kind != AE_IFLNK) {
      if (path.begin()->native() == "dev") return {};  // the sandbox has devices of its own there
      return bad(fmt::format("'{}' in the image is a device, a pipe or a socket", path.native()));
    }
    GUST_TRY(const auto folder, open_folder(path.parent_path(), Missing::kMade));
    GUST_CHECK(note_mine(path.native()));
    if (link != nullptr) return take_hard_link(folder.get(), path, link);
    if (kind == AE_IFDIR) return make_folder(folder.get(), base);
    GUST_CHECK(remove(folder.get(), base));
    if (kind == AE_IFREG) return write(tar, folder.get(), path, entry);
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0' || std::strlen(target) > kMaxTarget)
      return bad(fmt::format("the link '{}' in the image has no target that can be", path.native()));
    if (::symlinkat(target, folder.get(), base.c_str()) != 0) return fail_errno("make a link of the image", errno);
    return {};
  }

  Result<void> take_hard_link(int folder, const fs::path& path, const char* to) {
    GUST_TRY(const auto target, safe_path(to, "image"));
    if (target == path) return {};
    GUST_TRY(const auto from, open_folder(target.parent_path(), Missing::kLeft));
    const auto kind = from ? kind_of(from.get(), target.filename()) : 0;
    if (kind != S_IFREG && kind != S_IFLNK) {
      return bad(fmt::format("'{}' in the image is a hard link to '{}', which is no file before it", path.native(),
                             target.native()));
    }
    GUST_CHECK(remove(folder, path.filename()));
    if (::linkat(from.get(), target.filename().c_str(), folder, path.filename().c_str(), 0) == 0) return {};
    if (errno == ENOENT) return bad(fmt::format("'{}' in the image is a hard link to itself", path.native()));
    return fail_errno("make a hard link of the image", errno);
  }

  Result<void> write(const LayerTar& tar, int folder, const fs::path& path, archive_entry* entry) {
    const mode_t mode = (archive_entry_perm(entry) & 0111) != 0 ? 0755 : 0644;  // as of a zip; no set-user-id
    GUST_TRY(const auto file, create(folder, path.filename(), mode));
    std::string piece(64 << 10, '\0');
    for (;;) {
      const auto got = archive_read_data(tar.tar(), piece.data(), piece.size());
      if (got == 0) break;
      if (got < 0) return tar.failed();
      written_ += static_cast<std::uint64_t>(got);  // a sparse file has more than its tar
      if (written_ > limits_.total_bytes) {
        return fail(Code::kTooLarge,
                    fmt::format("the image's files have more than {} bytes", limits_.total_bytes), "image");
      }
      for (auto left = std::string_view(piece).substr(0, static_cast<std::size_t>(got)); !left.empty();) {
        const auto n = ::write(file.get(), left.data(), left.size());
        if (n < 0 && errno != EINTR) return fail_errno("write a file of the image", errno);
        if (n > 0) left.remove_prefix(static_cast<std::size_t>(n));
      }
    }
    // Python's compiled files are of use only beside sources of the same time.
    const timespec times[] = {{0, UTIME_OMIT}, {archive_entry_mtime(entry), archive_entry_mtime_nsec(entry)}};
    if (archive_entry_mtime_is_set(entry)) ::futimens(file.get(), times);
    return {};
  }

  // Both kinds hide what is of the layers below, not what this one brings.
  Result<void> take_whiteout(const fs::path& path) {
    const auto base = path.filename().native();
    const auto above = path.parent_path();
    if (base.starts_with(".wh..wh.") && base != kOpaque) return {};  // notes of AUFS
    GUST_TRY(const auto folder, open_folder(above, Missing::kLeft));
    if (!folder) return {};
    // What a layer has hidden it does not have to hide again.
    if (base == kOpaque) {
      if (!emptied_.insert(above.native()).second) return {};
      return remove_lower(folder.get(), above);
    }
    const auto hidden = base.substr(kWhiteout.size());
    if (hidden.empty() || hidden == "." || hidden == "..")
      return bad(fmt::format("the whiteout '{}' in the image names nothing", path.native()));
    return remove_lower(folder.get(), above, hidden);
  }

  Result<void> note_mine(const std::string& path) {
    if (!mine_.insert(path).second) return {};
    mine_bytes_ += path.size();
    if (mine_bytes_ <= limits_.name_bytes) return {};
    return fail(Code::kTooLarge, fmt::format("the paths in a layer of the image have more than {} bytes",
                                             limits_.name_bytes), "image");
  }

  bool has_mine_below(const std::string& path) const {
    const auto next = mine_.lower_bound(path + "/");
    return next != mine_.end() && next->starts_with(path + "/");
  }

  Result<void> remove_lower(int folder, const fs::path& path, const std::string& name) {
    const auto whole = (path / name).native();
    const bool mine = mine_.contains(whole);
    if (!mine && !has_mine_below(whole)) return remove(folder, name);
    if (kind_of(folder, name) != S_IFDIR) return {};
    const Fd inner(::openat(folder, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!inner) return fail_errno("open a folder of the image", errno);
    return remove_lower(inner.get(), whole);
  }

  Result<void> remove_lower(int folder, const fs::path& path) {
    std::vector<std::string> names;
    std::error_code error;
    for (fs::directory_iterator it(fmt::format("/proc/self/fd/{}", folder), error), end; !error && it != end;
         it.increment(error))
      names.push_back(it->path().filename());
    if (error) return fail_errno("read a folder of the image", error.value());
    for (const auto& name : names) GUST_CHECK(remove_lower(folder, path, name));
    return {};
  }

  Fd root_;
  ImageLimits limits_;
  std::set<std::string> mine_;     // names of the layer that is added
  std::set<std::string> emptied_;  // its opaque folders
  std::uint64_t mine_bytes_ = 0;
  std::uint64_t total_ = 0, written_ = 0, entries_ = 0;
};

}  // namespace

Result<void> make_image_root(const std::vector<ImageLayer>& layers, const std::string& folder,
                             const ImageLimits& limits) {
  if (::mkdir(folder.c_str(), 0755) != 0 || ::chmod(folder.c_str(), 0755) != 0)
    return fail_errno("make the folder of the image", errno);
  const auto done = [&]() -> Result<void> {
    const Utf8Names names;
    Fd top(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!top) return fail_errno("open the folder of the image", errno);
    Root root(std::move(top), limits);
    for (const auto& layer : layers) GUST_CHECK(root.add(layer));
    return root.finish();
  }();
  if (!done) {
    std::error_code ignored;
    fs::remove_all(folder, ignored);
  }
  return done;
}

std::optional<std::string> find_program(const std::string& root, const std::string& name, std::string_view path,
                                        const std::string& working_dir) {
  if (name.contains('/')) {
    auto whole = (fs::path(working_dir) / name).lexically_normal().native();
    while (whole.size() > 1 && whole.ends_with('/')) whole.pop_back();
    return whole;
  }
  const Fd top(::open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  while (top && !name.empty()) {
    const auto colon = path.find(':');
    const auto whole = (fs::path(working_dir) / path.substr(0, colon) / name).lexically_normal();
    const auto file = open_inside(top.get(), whole, O_PATH);
    struct stat about{};
    if (file && ::fstat(file.get(), &about) == 0 && S_ISREG(about.st_mode) && (about.st_mode & 0111) != 0)
      return whole.native();
    if (colon == std::string_view::npos) break;
    path.remove_prefix(colon + 1);
  }
  return std::nullopt;
}

}  // namespace gust::functions
