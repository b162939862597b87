#include "blobs/memory/memory_store.h"

#include <fmt/format.h>

#include <cstring>

namespace gust::blobs {
namespace {

class Reader final : public async::ByteSource {
 public:
  Reader(std::shared_ptr<const std::string> bytes, std::uint64_t offset, std::uint64_t length)
      : bytes_(std::move(bytes)), at_(offset), end_(offset + length) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    const auto n = std::min<std::uint64_t>(out.size(), end_ - at_);
    std::memcpy(out.data(), bytes_->data() + at_, n);
    at_ += n;
    co_return n;
  }
  std::optional<std::uint64_t> remaining() const override { return end_ - at_; }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::uint64_t at_;
  std::uint64_t end_;
};

}  // namespace

class MemoryStore::MemoryWriter final : public Writer {
 public:
  MemoryWriter(std::shared_ptr<Blobs> blobs, BlobId id) : blobs_(std::move(blobs)), id_(std::move(id)) {}

  async::Task<void> write(std::span<const std::byte> data) override {
    bytes_.append(reinterpret_cast<const char*>(data.data()), data.size());
    co_return Result<void>{};
  }
  async::Task<void> sync() override { co_return Result<void>{}; }
  async::Task<BlobId> commit() override {
    blobs_->emplace(id_, std::make_shared<const std::string>(std::move(bytes_)));
    co_return id_;
  }
  BlobId id() const override { return id_; }

 private:
  std::shared_ptr<Blobs> blobs_;
  BlobId id_;
  std::string bytes_;
};

async::Task<std::unique_ptr<Writer>> MemoryStore::create() {
  co_return std::make_unique<MemoryWriter>(blobs_, BlobId(fmt::format("{:032x}", next_++)));
}

async::Task<std::unique_ptr<async::ByteSource>> MemoryStore::open(BlobId id, std::uint64_t offset,
                                                                  std::uint64_t length) {
  const auto it = blobs_->find(id);
  if (it == blobs_->end()) co_return fail(Code::kNotFound, fmt::format("there is no blob {}", id), "blob");
  if (offset > it->second->size() || length > it->second->size() - offset) {
    co_return fail(Code::kInvalid, fmt::format("blob {}: the range ends past its {} bytes", id, it->second->size()),
                   "range");
  }
  co_return std::make_unique<Reader>(it->second, offset, length);
}

async::Task<std::uint64_t> MemoryStore::size(BlobId id) {
  const auto it = blobs_->find(id);
  if (it == blobs_->end()) co_return fail(Code::kNotFound, fmt::format("there is no blob {}", id), "blob");
  co_return it->second->size();
}

async::Task<void> MemoryStore::remove(BlobId id) {
  blobs_->erase(id);
  co_return Result<void>{};
}

async::Task<std::set<BlobId>> MemoryStore::settle(std::set<BlobId> removed) { co_return removed; }

async::Task<std::uint64_t> MemoryStore::remove_unfinished() { co_return 0; }

async::Task<std::uint64_t> MemoryStore::sweep(std::function<bool(const BlobId&)> is_referenced) {
  co_return std::erase_if(*blobs_, [&](const auto& blob) { return !is_referenced(blob.first); });
}

}  // namespace gust::blobs
