// What is done to a blob folder as a whole: the sweep at the start, lists, checks, holds, copies.
#include "base/log.h"
#include "blobs/files/blocks.h"
#include "blobs/files/shared.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gust::blobs {
namespace {

constexpr std::string_view kChecked = ".crc";
constexpr std::size_t kPiece = 1 << 20;

bool is_id(std::string_view name) {
  return name.size() == 32 && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// The id in the name of a file with checksums, or nothing.
std::string_view id_in(std::string_view name) {
  if (!name.ends_with(kChecked)) return {};
  name.remove_suffix(kChecked.size());
  return is_id(name) ? name : std::string_view();
}

Result<void> copy_file(env::Files& files, const std::string& from, const std::string& to) {
  GUST_TRY(const auto in, files.open(from));
  GUST_TRY(const auto out, files.create(to));
  std::vector<std::byte> piece(kPiece);
  for (std::uint64_t at = 0;;) {
    const std::array<std::span<std::byte>, 1> room{piece};
    GUST_TRY(const auto n, in->read(at, room));
    if (n == 0) break;
    const std::array<std::span<const std::byte>, 1> bytes{std::span<const std::byte>(piece).first(n)};
    GUST_CHECK(out->append(bytes));
    at += n;
  }
  return out->sync();
}

}  // namespace

Result<std::unique_ptr<env::File>> FileStore::Shared::open(const BlobId& id) {
  auto file = files.open(path(id));
  if (!file && file.error().code == Code::kNotFound)
    return fail(Code::kNotFound, fmt::format("there is no blob {}", id), "blob");
  return file;
}

Result<void> FileStore::Shared::damage(const BlobId& id, std::string_view how) const {
  GUST_ERROR("blobs: {} is damaged: {}", path(id), how);
  if (hear_damage) hear_damage(id);
  return fail(Code::kCorrupt, fmt::format("blob {} is damaged: {}", id, how), "blob");
}

Result<void> FileStore::Shared::check(const BlobId& id) {
  GUST_TRY(const auto file, open(id));
  GUST_TRY(const auto stored, file->size());
  const auto size = blob_bytes(stored);
  if (!size) return damage(id, fmt::format("no blob's file has {} bytes", stored));
  const BlockSums sums(id);
  std::vector<std::byte> block(kBlockBytes + kSumBytes);
  for (std::uint64_t index = 0; index * kBlockBytes < *size; ++index) {
    const auto bytes = std::span(block).first(block_size(*size, index));
    std::uint32_t sum = 0;
    const std::array<std::span<std::byte>, 2> pieces{bytes, std::as_writable_bytes(std::span(&sum, 1))};
    GUST_TRY(const auto n, file->read(index * (kBlockBytes + kSumBytes), pieces));
    if (n != bytes.size() + kSumBytes || sum != sums.of(index, bytes))
      return damage(id, fmt::format("the bytes from {} on differ from their checksum", index * kBlockBytes));
  }
  return {};
}

Result<void> FileStore::Shared::remove(const BlobId& id) {
  const auto removed = files.remove(path(id));
  if (!removed && removed.error().code != Code::kNotFound) return removed;
  return {};
}

Result<void> FileStore::Shared::convert(const BlobId& id) {
  const auto old = folder_of(id) + "/" + id.str();
  GUST_TRY(const auto in, files.open(old));
  GUST_TRY(const auto out, files.create(temporary(id)));
  const BlockSums sums(id);
  std::vector<std::byte> block(kBlockBytes);
  for (std::uint64_t index = 0;; ++index) {
    const std::array<std::span<std::byte>, 1> room{block};
    GUST_TRY(const auto n, in->read(index * kBlockBytes, room));
    if (n == 0) break;
    const auto bytes = std::span<const std::byte>(block).first(n);
    const auto sum = sums.of(index, bytes);
    const std::array<std::span<const std::byte>, 2> pieces{bytes, std::as_bytes(std::span(&sum, 1))};
    GUST_CHECK(out->append(pieces));
  }
  GUST_CHECK(out->sync());
  GUST_CHECK(files.rename(temporary(id), path(id)));
  GUST_CHECK(files.sync_folder(folder_of(id)));
  return files.remove(old);
}

Result<std::uint64_t> FileStore::Shared::remove_unfinished() {
  std::uint64_t removed = 0;
  GUST_TRY(const auto halves, files.list(folder + "/new"));
  for (const auto& name : halves) {
    if (!is_id(name)) continue;
    GUST_CHECK(files.remove(folder + "/new/" + name));
    ++removed;
  }
  return removed;
}

Result<std::uint64_t> FileStore::Shared::sweep(const std::function<bool(const BlobId&)>& is_referenced) {
  GUST_TRY(auto removed, remove_unfinished());
  std::uint64_t converted = 0;
  for (unsigned i = 0; i < kFolders; ++i) {
    const auto each = fmt::format("{}/{:02x}", folder, i);
    GUST_TRY(const auto names, files.list(each));
    for (const auto& name : names) {
      const BlobId id(std::string(is_id(name) ? name : id_in(name)));
      if (id.str().empty()) continue;
      if (!is_referenced(id)) {
        GUST_CHECK(files.remove(each + "/" + name));
        ++removed;
      } else if (is_id(name)) {
        GUST_CHECK(convert(id));
        ++converted;
      }
    }
  }
  if (converted > 0) GUST_INFO("blobs: {} files of an earlier version were given checksums", converted);
  return removed;
}

async::Task<std::uint64_t> FileStore::remove_unfinished() {
  auto job = [shared = shared_.get()] { return shared->remove_unfinished(); };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<std::uint64_t> FileStore::sweep(std::function<bool(const BlobId&)> is_referenced) {
  auto job = [shared = shared_.get(), keep = std::move(is_referenced)] { return shared->sweep(keep); };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<std::vector<StoredBlob>> FileStore::list(unsigned folder) {
  auto job = [shared = shared_.get(), folder]() -> Result<std::vector<StoredBlob>> {
    const auto each = fmt::format("{}/{:02x}", shared->folder, folder);
    std::vector<StoredBlob> out;
    GUST_TRY(const auto names, shared->files.list(each));
    for (const auto& name : names) {
      const auto id = id_in(name);
      if (id.empty()) continue;
      const auto info = shared->files.info(each + "/" + name);
      if (!info && info.error().code == Code::kNotFound) continue;  // removed meanwhile
      if (!info) return std::unexpected(info.error());
      out.push_back({BlobId(std::string(id)), info->size, info->modified_at});
    }
    return out;
  };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<std::vector<std::string>> FileStore::unfinished() {
  auto job = [shared = shared_.get()] { return shared->files.list(shared->folder + "/new"); };
  co_return co_await shared_->pool.run(std::move(job));
}

class FileStore::Hold {
 public:
  explicit Hold(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) { ++shared_->holds; }
  Hold(const Hold&) = delete;
  ~Hold() {
    if (--shared_->holds > 0 || shared_->waiting.empty()) return;
    auto job = [shared = shared_.get(), ids = std::exchange(shared_->waiting, {})] {
      for (const auto& id : ids) {
        if (const auto removed = shared->remove(id); !removed)
          GUST_WARN("blobs: {}", removed.error().message);  // the next start takes it
      }
    };
    (void)shared_->pool.submit(std::move(job));
  }

 private:
  std::shared_ptr<Shared> shared_;
};

std::shared_ptr<FileStore::Hold> FileStore::hold() { return std::make_shared<Hold>(shared_); }

std::set<BlobId> FileStore::waiting_to_go() const { return shared_->waiting; }

async::Task<std::uint64_t> FileStore::put_into(std::string folder, BlobId id, Way way) {
  auto job = [shared = shared_.get(), folder = std::move(folder), id, way]() -> Result<std::uint64_t> {
    const auto from = shared->path(id), to = fmt::format("{}/{}/{}{}", folder, id.str().substr(0, 2), id, kChecked);
    GUST_TRY(const auto info, shared->files.info(from));
    if (way == Way::kLink && shared->files.link(from, to)) return info.size;
    GUST_CHECK(copy_file(shared->files, from, to));  // also to another disk, where a link is none
    return info.size;
  };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<void> FileStore::make_folders(std::string folder) {
  auto job = [shared = shared_.get(), folder = std::move(folder)]() -> Result<void> {
    GUST_CHECK(shared->files.make_folder(folder + "/new"));
    for (unsigned i = 0; i < kFolders; ++i) GUST_CHECK(shared->files.make_folder(fmt::format("{}/{:02x}", folder, i)));
    return {};
  };
  co_return co_await shared_->pool.run(std::move(job));
}

async::Task<void> FileStore::sync_folders(std::string folder) {
  auto job = [shared = shared_.get(), folder = std::move(folder)]() -> Result<void> {
    for (unsigned i = 0; i < kFolders; ++i) GUST_CHECK(shared->files.sync_folder(fmt::format("{}/{:02x}", folder, i)));
    return shared->files.sync_folder(folder);
  };
  co_return co_await shared_->pool.run(std::move(job));
}

}  // namespace gust::blobs
