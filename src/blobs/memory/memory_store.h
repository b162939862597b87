// MemoryStore: a blobs::Store that forgets; for tests and simulation. Loop thread only.
#pragma once

#include "blobs/store.h"

#include <map>
#include <memory>
#include <string>

namespace gust::blobs {

class MemoryStore final : public Store {
 public:
  async::Task<std::unique_ptr<Writer>> create() override;
  async::Task<std::unique_ptr<async::ByteSource>> open(BlobId id, std::uint64_t offset, std::uint64_t length) override;
  async::Task<std::uint64_t> size(BlobId id) override;
  async::Task<void> remove(BlobId id) override;
  async::Task<std::set<BlobId>> settle(std::set<BlobId> removed) override;
  async::Task<std::uint64_t> remove_unfinished() override;
  async::Task<std::uint64_t> sweep(std::function<bool(const BlobId&)> is_referenced) override;

  std::size_t count() const { return blobs_->size(); }

 private:
  using Blobs = std::map<BlobId, std::shared_ptr<const std::string>>;
  class MemoryWriter;

  std::shared_ptr<Blobs> blobs_ = std::make_shared<Blobs>();
  std::uint64_t next_ = 1;
};

}  // namespace gust::blobs
