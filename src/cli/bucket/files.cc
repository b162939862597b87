#include "cli/bucket/files.h"

#include "cli/bucket/place.h"
#include "codec/digest.h"
#include "codec/hex.h"
#include "codec/utf8.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fstream>
#include <memory>
#include <set>
#include <sys/stat.h>
#include <utility>

namespace gust::cli {
namespace {

using Identity = std::pair<dev_t, ino_t>;

std::int64_t modified_ns(const struct stat& found) {
  return std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec;
}

class Walker {
 public:
  explicit Walker(Walk& out) : out_(out) {}

  // `above`: the folders on the way here, so that a link to one of them is no endless way.
  Result<void> folder(const std::string& path, const std::string& name, std::set<Identity> above) {
    struct stat found {};
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
    if (!dir) return fail_errno(path, errno);
    if (::fstat(::dirfd(dir.get()), &found) != 0) return fail_errno(path, errno);
    if (!above.insert({found.st_dev, found.st_ino}).second) {
      out_.problems.push_back(fmt::format("{} leads back to a folder above it and is left out", path));
      return {};
    }
    for (;;) {
      errno = 0;
      const auto* entry = ::readdir(dir.get());
      if (entry == nullptr && errno != 0) return fail_errno(path, errno);
      if (entry == nullptr) return {};
      const std::string_view one = entry->d_name;
      if (one == "." || one == ".." || is_partial_name(one)) continue;
      take(joined(path, one), name.empty() ? std::string(one) : fmt::format("{}/{}", name, one), above);
    }
  }

 private:
  void take(const std::string& path, const std::string& name, const std::set<Identity>& above) {
    struct stat found {};
    if (::stat(path.c_str(), &found) != 0) {
      out_.problems.push_back(fmt::format("{} cannot be read: {}", path, std::strerror(errno)));
    } else if (S_ISDIR(found.st_mode)) {
      if (const auto done = folder(path, name, above); !done) out_.problems.push_back(done.error().message);
    } else if (!S_ISREG(found.st_mode)) {
      out_.problems.push_back(fmt::format("{} is no regular file and is left out", path));
    } else if (!codec::is_utf8(name)) {
      out_.problems.push_back(fmt::format("{} is left out: its name is not UTF-8, as keys must be", path));
    } else {
      out_.files[name] = {static_cast<std::uint64_t>(found.st_size), modified_ns(found) / 1'000'000};
    }
  }

  Walk& out_;
};

}  // namespace

Result<FileState> file_state(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return fail(Code::kNotFound, fmt::format("there is no file {}", path), "file");
    return fail_errno(path, errno);
  }
  if (S_ISDIR(found.st_mode)) {
    return fail(Code::kInvalid, fmt::format("{} is a folder; give --recursive to copy what is in it", path), "folder");
  }
  if (!S_ISREG(found.st_mode))
    return fail(Code::kInvalid, fmt::format("{} is no regular file; pipe it in, with - as the source", path), "file");
  return FileState{static_cast<std::uint64_t>(found.st_size), modified_ns(found)};
}

bool is_folder(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

Result<Walk> walk_folder(const std::string& folder) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0 && errno == ENOENT)
    return fail(Code::kNotFound, fmt::format("there is no folder {}", folder), "folder");
  if (!is_folder(folder)) return fail(Code::kInvalid, fmt::format("{} is no folder", folder), "folder");
  Walk out;
  GUST_CHECK(Walker(out).folder(folder, "", {}));
  return out;
}

std::string part_md5(const std::string& path, const Part& part) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(part.offset));
  codec::Digest md5(codec::DigestKind::kMd5);
  std::string piece(std::size_t{256} << 10, '\0');
  for (auto left = part.size; left > 0;) {
    in.read(piece.data(), static_cast<std::streamsize>(std::min<std::uint64_t>(piece.size(), left)));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0) return {};
    md5.update(std::string_view(piece).substr(0, got));
    left -= got;
  }
  return codec::to_hex(md5.finish());
}

std::string joined(const std::string& folder, std::string_view name) {
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

}  // namespace gust::cli
