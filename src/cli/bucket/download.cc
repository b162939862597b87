#include "cli/bucket/download.h"

#include "auth/checksum.h"
#include "cli/bucket/files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <optional>
#include <span>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kRange = 256 * kMiB;  // of one request, which has a deadline

Result<void> write_all(int to, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const auto n = ::write(to, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) {
      if (Interrupt::wanted()) return interrupted();
      continue;
    }
    if (n < 0) return fail_errno("write " + name, errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

// The checksum of the whole that the object has, where it has one.
class Check {
 public:
  explicit Check(const ObjectHead& head) {
    if (head.headers.get_or("x-amz-checksum-type", "FULL_OBJECT") != "FULL_OBJECT") return;
    for (const auto& [name, value] : head.headers.all()) {
      // A value with a number of parts behind it is of the parts' values.
      if (value.contains('-')) continue;
      if (auto found = auth::Checksum::for_header(name)) {
        checksum_ = std::move(found);
        wanted_ = value;
        return;
      }
    }
  }
  void update(std::string_view bytes) {
    if (checksum_) checksum_->update(std::as_bytes(std::span(bytes)));
  }
  bool holds() { return !checksum_ || checksum_->finish() == wanted_; }

 private:
  std::optional<auth::Checksum> checksum_;
  std::string wanted_;
};

// Everything from `done` on goes to `to`, which `check` sees, too.
Result<void> fetch(BucketClient& client, Progress& progress, const Place& from, const ObjectHead& head,
                   std::uint64_t& done, Check& check, int to, const std::string& name) {
  int failures = 0;
  while (done < head.size) {
    if (Interrupt::wanted()) return interrupted();
    const auto before = done;
    std::optional<Error> failed;
    const auto take = [&](std::string_view piece) {
      if (Interrupt::wanted()) {
        failed = interrupted().error();
      } else if (auto written = write_all(to, piece, name); !written) {
        failed = std::move(written).error();
      } else {
        check.update(piece);
        done += piece.size();
        progress.add(piece.size());
      }
      return !failed;
    };
    const auto got = client.get(from, head.etag, done, std::min(kRange, head.size - done), take);
    if (got || got.error().source != "daemon") answered() = true;
    if (failed) return std::unexpected(*failed);
    if (got) continue;
    failures = done > before ? 1 : failures + 1;
    if (!answered() || !is_passing(got.error()) || !wait_to_repeat(failures)) return got;
  }
  return {};
}

struct Descriptor {
  explicit Descriptor(int number) : fd(number) {}
  Descriptor(Descriptor&& other) noexcept : fd(std::exchange(other.fd, -1)) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

// The file that is kept until the download is whole, locked: two programs never write to one.
Result<Descriptor> open_partial(const std::string& path) {
  for (;;) {
    Descriptor out(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (out.fd < 0) return fail_errno(path, errno);
    if (::flock(out.fd, LOCK_EX | LOCK_NB) != 0) {
      return fail(Code::kConflict, fmt::format("{} is being written by another download; wait for its end", path),
                  "file");
    }
    struct stat named {}, opened {};
    if (::fstat(out.fd, &opened) != 0) return fail_errno(path, errno);
    // The other one may have renamed it before it let go of it.
    if (::stat(path.c_str(), &named) == 0 && named.st_ino == opened.st_ino && named.st_dev == opened.st_dev) return out;
  }
}

Result<std::uint64_t> read_kept(int fd, std::uint64_t size, Check& check, Progress& progress, const std::string& path) {
  struct stat found {};
  if (::fstat(fd, &found) != 0) return fail_errno(path, errno);
  if (static_cast<std::uint64_t>(found.st_size) > size && ::ftruncate(fd, 0) != 0) return fail_errno(path, errno);
  std::uint64_t kept = 0;
  std::array<char, std::size_t{64} << 10> piece;
  for (;;) {
    if (Interrupt::wanted()) return interrupted();
    const auto n = ::read(fd, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(path, errno);
    if (n == 0) return kept;
    check.update({piece.data(), static_cast<std::size_t>(n)});
    kept += static_cast<std::uint64_t>(n);
    progress.add(static_cast<std::uint64_t>(n));
  }
}

// What was kept of other versions serves nobody any more.
void remove_others(const fs::path& kept, const std::string& file_name) {
  std::error_code ignored;
  for (fs::directory_iterator it(kept.parent_path(), ignored), end; !ignored && it != end; it.increment(ignored)) {
    const auto name = it->path().filename().string();
    std::error_code problem;
    if (name != kept.filename().string() && is_partial_of(name, file_name)) fs::remove(it->path(), problem);
  }
}

Result<void> set_time(int fd, WallTime time, const std::string& path) {
  const auto ms = to_epoch_ms(time);
  if (ms == 0) return {};
  const std::array<timespec, 2> times = {{{0, UTIME_OMIT}, {ms / 1000, ms % 1000 * 1'000'000}}};
  if (::futimens(fd, times.data()) != 0) return fail_errno(path, errno);
  return {};
}

// Takes the file away unless it is worth keeping or was renamed.
class Kept {
 public:
  Kept(std::string path, std::uint64_t size) : path_(std::move(path)), worth_(size >= kWorthKeeping) {
    if (!worth_) Interrupt::remove_at_end(path_);
  }
  ~Kept() {
    if (!done_ && !worth_) remove();
    if (!worth_) Interrupt::keep_at_end(path_);
  }
  void remove() { ::unlink(path_.c_str()); }
  void done() { done_ = true; }
  bool worth() const { return worth_; }

 private:
  std::string path_;
  bool worth_;
  bool done_ = false;
};

Result<void> one_version(BucketClient& client, Progress& progress, const Place& from, const ObjectHead& head,
                         const fs::path& target) {
  const auto file_name = target.filename().string();
  const auto path = joined(target.parent_path().string(), partial_name(file_name, from.str(), head.etag, head.size));
  if (head.size >= kWorthKeeping) remove_others(path, file_name);
  GUST_TRY(const auto file, open_partial(path));
  Kept kept(path, head.size);
  Check check(head);
  GUST_TRY(auto done, read_kept(file.fd, head.size, check, progress, path));
  if (const auto got = fetch(client, progress, from, head, done, check, file.fd, path); !got) {
    const auto& error = got.error();
    progress.take_back(error.code == Code::kPrecondition ? done : 0);
    if (error.code == Code::kPrecondition || error.source == "NoSuchKey") {
      kept.remove();
      return got;
    }
    if (!kept.worth() || done == 0) return got;
    return fail(error.code,
                fmt::format("{}; {} of {} are kept in {}, the same command fetches the rest", error.message,
                            bytes_text(done), bytes_text(head.size), path),
                error.source);
  }
  if (!check.holds()) {
    kept.remove();
    return fail(Code::kCorrupt,
                fmt::format("what came of {} does not have its checksum and was thrown away; run the same command "
                            "again",
                            from.str()),
                "checksum");
  }
  GUST_CHECK(set_time(file.fd, head.modified_at, path));
  if (::rename(path.c_str(), target.c_str()) != 0) return fail_errno(target.string(), errno);
  kept.done();
  return {};
}

// Where the bytes are to go at last: a link's file stays behind its link.
Result<fs::path> resolve(const std::string& path) {
  std::error_code problem;
  fs::path target = path;
  if (fs::is_symlink(target, problem)) {
    auto behind = fs::canonical(target, problem);
    if (!problem) target = std::move(behind);
  }
  if (fs::is_directory(target, problem)) {
    return fail(Code::kInvalid, fmt::format("{} is a folder; give the name that the file is to have", path), "folder");
  }
  if (target.has_parent_path()) {
    fs::create_directories(target.parent_path(), problem);
    if (problem)
      return fail(Code::kInvalid,
                  fmt::format("the folder {} cannot be made: {}", target.parent_path().string(), problem.message()),
                  "folder");
  } else {
    target = fs::path(".") / target;
  }
  return target;
}

}  // namespace

Result<void> download_file(Remote& remote, Progress& progress, const Place& from, const std::string& path) {
  BucketClient client(remote);
  constexpr int kVersions = 3;  // that may be replaced while they are fetched
  for (int n = 1;; ++n) {
    GUST_TRY(const auto head, persistently([&] { return client.head(from); }));
    GUST_TRY(const auto target, resolve(path));
    std::error_code problem;
    const auto status = fs::status(target, problem);
    if (fs::exists(status) && !fs::is_regular_file(status)) {
      const Descriptor device(::open(target.c_str(), O_WRONLY | O_CLOEXEC));
      if (device.fd < 0) return fail_errno(target.string(), errno);
      return download_stream(remote, progress, from, head, device.fd);
    }
    const auto done = one_version(client, progress, from, head, target);
    if (!done && done.error().code == Code::kPrecondition && n < kVersions) continue;
    return done;
  }
}

Result<void> download_stream(Remote& remote, Progress& progress, const Place& from, const ObjectHead& head, int to) {
  BucketClient client(remote);
  Check check(head);
  std::uint64_t done = 0;
  GUST_CHECK(fetch(client, progress, from, head, done, check, to, "the output"));
  if (check.holds()) return {};
  return fail(Code::kCorrupt, fmt::format("what came of {} does not have its checksum", from.str()), "checksum");
}

}  // namespace gust::cli
