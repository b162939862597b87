// FileStore: the durable blobs::Store. A blob is written to <folder>/new/<id>, synced, and renamed to
// <folder>/<first two digits>/<id>. One process owns the folder; file work runs on a pool.
#pragma once

#include "async/blocking_pool.h"
#include "blobs/store.h"
#include "env/random.h"

#include <memory>
#include <string>

namespace gust::blobs {

struct FileSettings {
  std::size_t threads = 8;
};

class FileStore final : public Store {
 public:
  // Makes the folders. Errors as of the file system, naming the path.
  static Result<std::unique_ptr<FileStore>> open(const std::string& folder, env::Random& random,
                                                 FileSettings settings = {});

  async::Task<std::unique_ptr<Writer>> create() override;
  async::Task<std::unique_ptr<async::ByteSource>> open(BlobId id, std::uint64_t offset, std::uint64_t length) override;
  async::Task<std::uint64_t> size(BlobId id) override;
  async::Task<void> remove(BlobId id) override;
  async::Task<std::uint64_t> sweep(std::function<bool(const BlobId&)> is_referenced) override;

 private:
  class FileWriter;
  class FileReader;

  FileStore(std::string folder, env::Random& random, std::size_t threads);
  std::string path_of(const BlobId& id) const;

  std::string folder_;
  env::Random& random_;
  std::shared_ptr<async::BlockingPool> pool_;  // outlived by no reader or writer
};

}  // namespace gust::blobs
