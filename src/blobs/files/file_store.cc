#include "blobs/files/file_store.h"

#include "base/log.h"
#include "codec/hex.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace gust::blobs {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBuffer = 256 << 10;       // smaller writes are gathered, reads come at least this large
constexpr std::uint64_t kFlushEvery = 32 << 20;  // starts writing back early, so that the last sync is short

// An open file; closed at the end.
class File {
 public:
  File() = default;
  explicit File(int fd) : fd_(fd) {}
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_ = -1;
};

Result<void> sync_folder(const std::string& path) {
  const File folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (folder.fd() < 0 || ::fsync(folder.fd()) != 0)
    return fail_errno(fmt::format("syncing the folder '{}'", path), errno);
  return {};
}

Result<void> write_all(int fd, std::span<const std::byte> data, const std::string& path) {
  while (!data.empty()) {
    const auto n = ::write(fd, data.data(), data.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail_errno(fmt::format("writing '{}'", path), errno);
    data = data.subspan(static_cast<std::size_t>(n));
  }
  return {};
}

bool is_blob_name(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

class FileStore::FileWriter final : public Writer {
 public:
  FileWriter(std::shared_ptr<async::BlockingPool> pool, BlobId id, std::string temporary, std::string final_path)
      : pool_(std::move(pool)), id_(std::move(id)), temporary_(std::move(temporary)), final_(std::move(final_path)) {}

  ~FileWriter() override {
    if (file_.fd() >= 0 && !committed_) ::unlink(temporary_.c_str());
  }

  async::Task<void> write(std::span<const std::byte> data) override {
    if (buffer_.size() + data.size() <= kBuffer) {
      buffer_.insert(buffer_.end(), data.begin(), data.end());
      co_return Result<void>{};
    }
    auto job = [this, data]() -> Result<void> {
      GUST_CHECK(flush());
      return append(data);
    };
    co_return co_await pool_->run(std::move(job));
  }

  async::Task<BlobId> commit() override {
    auto job = [this]() -> Result<BlobId> {
      GUST_CHECK(flush());
      if (::fdatasync(file_.fd()) != 0) return fail_errno(fmt::format("syncing '{}'", temporary_), errno);
      if (::rename(temporary_.c_str(), final_.c_str()) != 0)
        return fail_errno(fmt::format("naming '{}'", final_), errno);
      committed_ = true;
      file_ = File();
      GUST_CHECK(sync_folder(fs::path(final_).parent_path()));
      return id_;
    };
    co_return co_await pool_->run(std::move(job));
  }

 private:
  Result<void> flush() {
    if (file_.fd() < 0) {
      file_ = File(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
      if (file_.fd() < 0) return fail_errno(fmt::format("making '{}'", temporary_), errno);
    }
    GUST_CHECK(append(buffer_));
    buffer_.clear();
    return {};
  }

  Result<void> append(std::span<const std::byte> data) {
    GUST_CHECK(write_all(file_.fd(), data, temporary_));
    written_ += data.size();
    if (written_ - flushed_ >= kFlushEvery) {
      ::sync_file_range(file_.fd(), static_cast<off64_t>(flushed_), static_cast<off64_t>(written_ - flushed_),
                        SYNC_FILE_RANGE_WRITE);
      flushed_ = written_;
    }
    return {};
  }

  std::shared_ptr<async::BlockingPool> pool_;
  BlobId id_;
  std::string temporary_;
  std::string final_;
  File file_;
  std::vector<std::byte> buffer_;
  std::uint64_t written_ = 0;
  std::uint64_t flushed_ = 0;
  bool committed_ = false;
};

class FileStore::FileReader final : public async::ByteSource {
 public:
  FileReader(std::shared_ptr<async::BlockingPool> pool, File file, std::uint64_t offset, std::uint64_t length,
             std::string path)
      : pool_(std::move(pool)), file_(std::move(file)), at_(offset), end_(offset + length), path_(std::move(path)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto wanted = std::min<std::uint64_t>(out.size(), end_ - at_);
    if (wanted == 0) co_return 0;
    if (buffered() == 0 && wanted >= kBuffer) {
      auto job = [this, out, wanted]() -> Result<std::size_t> { return pread(out.first(wanted)); };
      GUST_CO_TRY(const auto n, co_await pool_->run(std::move(job)));
      at_ += n;
      co_return n;
    }
    if (buffered() == 0) {
      auto job = [this]() -> Result<std::size_t> {
        buffer_.resize(std::min<std::uint64_t>(kBuffer, end_ - at_));
        return pread(buffer_);
      };
      GUST_CO_TRY(const auto n, co_await pool_->run(std::move(job)));
      buffer_.resize(n);
      used_ = 0;
    }
    const auto n = std::min<std::uint64_t>(wanted, buffered());
    std::memcpy(out.data(), buffer_.data() + used_, n);
    used_ += n;
    at_ += n;
    co_return n;
  }

  std::optional<std::uint64_t> remaining() const override { return end_ - at_; }

 private:
  std::size_t buffered() const { return buffer_.size() - used_; }

  Result<std::size_t> pread(std::span<std::byte> out) {
    for (;;) {
      const auto n = ::pread(file_.fd(), out.data(), out.size(), static_cast<off_t>(at_));
      if (n > 0) return static_cast<std::size_t>(n);
      if (n == 0) return fail(Code::kCorrupt, fmt::format("'{}' ends early, at byte {}", path_, at_), "blob");
      if (errno != EINTR) return fail_errno(fmt::format("reading '{}'", path_), errno);
    }
  }

  std::shared_ptr<async::BlockingPool> pool_;
  File file_;
  std::uint64_t at_;
  std::uint64_t end_;
  std::string path_;
  std::vector<std::byte> buffer_;
  std::size_t used_ = 0;
};

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& folder, env::Random& random,
                                                   FileSettings settings) {
  std::error_code error;
  fs::create_directories(fs::path(folder) / "new", error);
  for (int i = 0; i < 256 && !error; ++i) fs::create_directories(fs::path(folder) / fmt::format("{:02x}", i), error);
  if (error) return fail_errno(fmt::format("making folders in '{}'", folder), error.value());
  GUST_CHECK(sync_folder(folder));
  return std::unique_ptr<FileStore>(new FileStore(folder, random, settings.threads));
}

FileStore::FileStore(std::string folder, env::Random& random, std::size_t threads)
    : folder_(std::move(folder)), random_(random), pool_(std::make_shared<async::BlockingPool>("blobs", threads)) {}

std::string FileStore::path_of(const BlobId& id) const {
  return fmt::format("{}/{}/{}", folder_, id.str().substr(0, 2), id);
}

async::Task<std::unique_ptr<Writer>> FileStore::create() {
  std::array<std::byte, 16> bytes{};
  random_.fill(bytes);
  BlobId id(codec::to_hex(bytes));
  auto temporary = fmt::format("{}/new/{}", folder_, id);
  auto final_path = path_of(id);
  co_return std::make_unique<FileWriter>(pool_, std::move(id), std::move(temporary), std::move(final_path));
}

async::Task<std::unique_ptr<async::ByteSource>> FileStore::open(BlobId id, std::uint64_t offset, std::uint64_t length) {
  auto path = path_of(id);
  auto job = [this, path, id, offset, length]() -> Result<std::unique_ptr<async::ByteSource>> {
    File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.fd() < 0 && errno == ENOENT) return fail(Code::kNotFound, fmt::format("there is no blob {}", id), "blob");
    struct stat info{};
    if (file.fd() < 0 || ::fstat(file.fd(), &info) != 0) return fail_errno(fmt::format("opening '{}'", path), errno);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (offset > size || length > size - offset) {
      return fail(Code::kInvalid, fmt::format("blob {}: the range ends past its {} bytes", id, size), "range");
    }
    return std::make_unique<FileReader>(pool_, std::move(file), offset, length, path);
  };
  co_return co_await pool_->run(std::move(job));
}

async::Task<std::uint64_t> FileStore::size(BlobId id) {
  auto job = [path = path_of(id), id]() -> Result<std::uint64_t> {
    struct stat info{};
    if (::stat(path.c_str(), &info) == 0) return static_cast<std::uint64_t>(info.st_size);
    if (errno == ENOENT) return fail(Code::kNotFound, fmt::format("there is no blob {}", id), "blob");
    return fail_errno(fmt::format("looking at '{}'", path), errno);
  };
  co_return co_await pool_->run(std::move(job));
}

async::Task<void> FileStore::remove(BlobId id) {
  auto job = [path = path_of(id)]() -> Result<void> {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return fail_errno(fmt::format("removing '{}'", path), errno);
  };
  co_return co_await pool_->run(std::move(job));
}

async::Task<std::uint64_t> FileStore::sweep(std::function<bool(const BlobId&)> is_referenced) {
  auto job = [this, is_referenced = std::move(is_referenced)]() -> Result<std::uint64_t> {
    std::uint64_t removed = 0;
    std::error_code error;
    for (const auto& folder : fs::directory_iterator(folder_, error)) {
      if (!folder.is_directory()) continue;
      const bool unfinished = folder.path().filename() == "new";
      for (const auto& file : fs::directory_iterator(folder.path(), error)) {
        const auto name = file.path().filename().string();
        if (!is_blob_name(name) || (!unfinished && is_referenced(BlobId(name)))) continue;
        if (fs::remove(file.path(), error)) ++removed;
      }
    }
    if (error) return fail_errno(fmt::format("sweeping '{}'", folder_), error.value());
    return removed;
  };
  co_return co_await pool_->run(std::move(job));
}

}  // namespace gust::blobs
