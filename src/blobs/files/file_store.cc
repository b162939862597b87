#include "blobs/files/file_store.h"

#include "base/log.h"
#include "blobs/files/blocks.h"
#include "blobs/files/early_sync.h"
#include "blobs/files/shared.h"
#include "codec/hex.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <optional>

namespace gust::blobs {
namespace {

constexpr std::size_t kBuffer = 4 * kBlockBytes;  // smaller writes are gathered, reads come at least this large
constexpr std::uint64_t kSyncEvery = 16 << 20;    // some 50 ms of a plain disk's time

enum class Last { kNo, kYes };

}  // namespace

class FileStore::FileWriter final : public Writer {
 public:
  FileWriter(std::shared_ptr<Shared> shared, BlobId id) : shared_(std::move(shared)), id_(std::move(id)), sums_(id_) {}

  ~FileWriter() override {
    if (file_ && !committed_) (void)shared_->files.remove(shared_->temporary(id_));
  }

  async::Task<void> write(std::span<const std::byte> data) override {
    if (buffer_.size() + data.size() < kBuffer) {
      buffer_.insert(buffer_.end(), data.begin(), data.end());
      co_return Result<void>{};
    }
    auto job = [this, data]() -> Result<void> {
      buffer_.insert(buffer_.end(), data.begin(), data.end());
      return flush(Last::kNo);
    };
    co_return co_await shared_->pool.run(std::move(job));
  }

  async::Task<void> sync() override {
    auto job = [this] { return finish(); };
    co_return co_await shared_->pool.run(std::move(job));
  }

  async::Task<BlobId> commit() override {
    auto job = [this]() -> Result<BlobId> {
      GUST_CHECK(finish());
      GUST_CHECK(shared_->files.rename(shared_->temporary(id_), shared_->path(id_)));
      committed_ = true;
      file_.reset();
      GUST_CHECK(shared_->files.sync_folder(shared_->folder_of(id_)));
      return id_;
    };
    co_return co_await shared_->pool.run(std::move(job));
  }

  BlobId id() const override { return id_; }

 private:
  Result<void> finish() {
    if (std::exchange(finished_, true)) return {};
    GUST_CHECK(flush(Last::kYes));
    return file_->finish();
  }

  // Writes the blocks that are whole, and the rest when it is the last; each with its sum behind it.
  Result<void> flush(Last last) {
    if (!file_) {
      GUST_TRY(auto file, shared_->files.create(shared_->temporary(id_)));
      file_.emplace(std::move(file), shared_->pool);
    }
    std::vector<std::uint32_t> sums;
    sums.reserve(buffer_.size() / kBlockBytes + 1);
    std::vector<std::span<const std::byte>> pieces;
    std::size_t done = 0;
    for (std::span<const std::byte> left(buffer_); !left.empty();) {
      if (left.size() < kBlockBytes && last == Last::kNo) break;
      const auto block = left.first(std::min<std::size_t>(left.size(), kBlockBytes));
      sums.push_back(sums_.of(index_++, block));
      pieces.push_back(block);
      pieces.push_back(std::as_bytes(std::span(&sums.back(), 1)));
      left = left.subspan(block.size());
      done += block.size();
    }
    if (pieces.empty()) return {};
    GUST_CHECK(file_->file().append(pieces));
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(done));
    written_ += done + sums.size() * kSumBytes;
    if (written_ - synced_ >= kSyncEvery && last == Last::kNo) {
      file_->start();
      synced_ = written_;
    }
    return {};
  }

  std::shared_ptr<Shared> shared_;
  BlobId id_;
  BlockSums sums_;
  std::optional<EarlySync> file_;
  std::vector<std::byte> buffer_;
  std::uint64_t index_ = 0, written_ = 0, synced_ = 0;
  bool finished_ = false, committed_ = false;
};

// Reads whole blocks, and hands their bytes on only when they match their sums.
class FileStore::FileReader final : public async::ByteSource {
 public:
  FileReader(std::shared_ptr<Shared> shared, BlobId id, std::unique_ptr<env::File> file, std::uint64_t size)
      : shared_(std::move(shared)), id_(std::move(id)), sums_(id_), file_(std::move(file)), size_(size) {}

  // The first blocks of it are read here, on the thread of the open.
  Result<void> start(std::uint64_t offset, std::uint64_t length) {
    at_ = offset;
    end_ = offset + length;
    return length > 0 ? load() : Result<void>{};
  }

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto wanted = std::min<std::uint64_t>(out.size(), end_ - at_);
    if (wanted == 0) co_return 0;
    if (used_ == loaded_) {
      auto job = [this] { return load(); };
      GUST_CO_CHECK(co_await shared_->pool.run(std::move(job)));
    }
    const auto n = std::min<std::uint64_t>(wanted, loaded_ - used_);
    std::memcpy(out.data(), buffer_.data() + used_, n);
    used_ += n;
    at_ += n;
    co_return n;
  }

  std::optional<std::uint64_t> remaining() const override { return end_ - at_; }

 private:
  // The block of at_, and those behind it as far as they are wanted and have room.
  Result<void> load() {
    const auto first = at_ / kBlockBytes;
    const auto blocks = std::min<std::uint64_t>((end_ - 1) / kBlockBytes - first + 1, kBuffer / kBlockBytes);
    std::array<std::uint32_t, kBuffer / kBlockBytes> sums{};
    std::vector<std::span<std::byte>> pieces;
    std::uint64_t bytes = 0;
    for (std::uint64_t i = 0; i < blocks; ++i) bytes += block_size(size_, first + i);
    if (buffer_.size() < bytes) buffer_.resize(bytes);
    for (std::uint64_t i = 0, at = 0; i < blocks; ++i) {
      const auto n = block_size(size_, first + i);
      pieces.push_back(std::span(buffer_).subspan(at, n));
      pieces.push_back(std::as_writable_bytes(std::span(&sums[i], 1)));
      at += n;
    }
    used_ = loaded_ = 0;
    GUST_TRY(const auto n, file_->read(first * (kBlockBytes + kSumBytes), pieces));
    if (n != bytes + blocks * kSumBytes) return damaged(first, "ends early");
    for (std::uint64_t i = 0; i < blocks; ++i) {
      if (sums_.of(first + i, pieces[2 * i]) != sums[i]) return damaged(first + i, "differ from their checksum");
    }
    loaded_ = bytes;
    used_ = at_ - first * kBlockBytes;
    return {};
  }

  Result<void> damaged(std::uint64_t block, std::string_view how) const {
    return shared_->damage(id_, fmt::format("the bytes from {} on {}", block * kBlockBytes, how));
  }

  std::shared_ptr<Shared> shared_;
  BlobId id_;
  BlockSums sums_;
  std::unique_ptr<env::File> file_;
  std::uint64_t size_, at_ = 0, end_ = 0;
  std::vector<std::byte> buffer_;
  std::uint64_t used_ = 0, loaded_ = 0;
};

Result<std::unique_ptr<FileStore>> FileStore::open(const std::string& folder, env::Random& random,
                                                   FileSettings settings) {
  auto& files = settings.files != nullptr ? *settings.files : env::system_files();
  GUST_CHECK(files.make_folder(folder + "/new"));
  for (unsigned i = 0; i < kFolders; ++i) GUST_CHECK(files.make_folder(fmt::format("{}/{:02x}", folder, i)));
  GUST_CHECK(files.sync_folder(folder));
  if (const auto slash = folder.rfind('/'); slash != 0 && slash != std::string::npos)
    GUST_CHECK(files.sync_folder(folder.substr(0, slash)));
  auto shared = std::make_shared<Shared>(files, folder, std::move(settings));
  return std::unique_ptr<FileStore>(new FileStore(std::move(shared), random));
}

FileStore::FileStore(std::shared_ptr<Shared> shared, env::Random& random)
    : shared_(std::move(shared)), random_(random) {}

async::Task<std::unique_ptr<Writer>> FileStore::create() {
  std::array<std::byte, 16> bytes{};
  random_.fill(bytes);
  co_return std::make_unique<FileWriter>(shared_, BlobId(codec::to_hex(bytes)));
}

async::Task<std::unique_ptr<async::ByteSource>> FileStore::open(BlobId id, std::uint64_t offset, std::uint64_t length) {
  // The shared part itself goes into the reader only: a job that held it could be the last, on a thread of its pool.
  auto job = [this, id, offset, length]() -> Result<std::unique_ptr<async::ByteSource>> {
    const auto& shared = shared_;
    GUST_TRY(auto file, shared->open(id));
    GUST_TRY(const auto stored, file->size());
    const auto size = blob_bytes(stored);
    if (!size) return std::unexpected(shared->damage(id, fmt::format("no blob's file has {} bytes", stored)).error());
    if (offset > *size || length > *size - offset) {
      return fail(Code::kInvalid, fmt::format("blob {}: the range ends past its {} bytes", id, *size), "range");
    }
    auto reader = std::make_unique<FileReader>(shared, id, std::move(file), *size);
    GUST_CHECK(reader->start(offset, length));
    return reader;
  };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<std::uint64_t> FileStore::size(BlobId id) {
  auto job = [shared = shared_.get(), id]() -> Result<std::uint64_t> {
    GUST_TRY(const auto file, shared->open(id));
    GUST_TRY(const auto stored, file->size());
    const auto size = blob_bytes(stored);
    if (!size) return std::unexpected(shared->damage(id, fmt::format("no blob's file has {} bytes", stored)).error());
    return *size;
  };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<void> FileStore::check(BlobId id) {
  auto job = [shared = shared_.get(), id]() -> Result<void> { return shared->check(id); };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<void> FileStore::remove(BlobId id) {
  if (shared_->holds > 0) {
    shared_->waiting.insert(id);
    co_return Result<void>{};
  }
  auto job = [shared = shared_.get(), id] { return shared->remove(id); };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<std::set<BlobId>> FileStore::settle(std::set<BlobId> removed) {
  std::erase_if(removed, [&](const auto& id) { return shared_->waiting.contains(id); });
  auto job = [shared = shared_.get(), &removed]() -> Result<void> {
    std::set<std::string> folders;
    for (const auto& id : removed) {
      GUST_CHECK(shared->remove(id));  // again, for what was held may be on its way only
      folders.insert(shared->folder_of(id));
    }
    for (const auto& folder : folders) GUST_CHECK(shared->files.sync_folder(folder));
    return {};
  };
  if (!removed.empty()) GUST_CO_CHECK(co_await shared_->pool.run(std::move(job)));
  co_return removed;
}

}  // namespace gust::blobs
