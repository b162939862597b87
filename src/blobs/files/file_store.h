// FileStore: the durable blobs::Store. A blob is written to <folder>/new/<id>, synced, and renamed to
// <folder>/<first two digits>/<id>.crc, with a checksum of every block that is checked whenever it is read. One process
// owns the folder; file work runs on a pool.
#pragma once

#include "async/blocking_pool.h"
#include "blobs/store.h"
#include "env/files.h"
#include "env/random.h"

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace gust::blobs {

struct FileSettings {
  std::size_t threads = 8;
  env::Files* files = nullptr;  // none: the system's
  // Hears of each read that found other bytes than were written, on a pool thread.
  std::function<void(const BlobId&)> damaged;
};

// A file that is there.
struct StoredBlob {
  BlobId id;
  std::uint64_t file_bytes = 0;
  WallTime modified_at{};
};

class FileStore final : public Store {
 public:
  // Makes the folders. Errors as of the file system, naming the path.
  static Result<std::unique_ptr<FileStore>> open(const std::string& folder, env::Random& random,
                                                 FileSettings settings = {});

  async::Task<std::unique_ptr<Writer>> create() override;
  // Also kCorrupt "blob", as reads are: where the bytes are not those that were written.
  async::Task<std::unique_ptr<async::ByteSource>> open(BlobId id, std::uint64_t offset, std::uint64_t length) override;
  async::Task<std::uint64_t> size(BlobId id) override;
  async::Task<void> remove(BlobId id) override;
  async::Task<std::set<BlobId>> settle(std::set<BlobId> removed) override;
  async::Task<std::uint64_t> remove_unfinished() override;
  // Also gives the files of earlier versions, which have no checksums, theirs.
  async::Task<std::uint64_t> sweep(std::function<bool(const BlobId&)> is_referenced) override;

  // Reads all of it. kCorrupt where it is not what was written, kNotFound.
  async::Task<void> check(BlobId id);
  static constexpr unsigned kFolders = 256;
  // What is in one of them, sorted.
  async::Task<std::vector<StoredBlob>> list(unsigned folder);
  // Files in the making, or what a crash left of them.
  async::Task<std::vector<std::string>> unfinished();

  // While one of these lives, what remove() is asked for stays; it goes when the last has gone. Loop thread only.
  class Hold;
  std::shared_ptr<Hold> hold();
  // What is to go then.
  std::set<BlobId> waiting_to_go() const;

  // Puts the file of a blob to <folder>/<first two digits>/<id>.crc, which is another blob folder that nobody has open:
  // a second name of the same bytes, or their copy. Answers how many bytes the file has.
  enum class Way { kLink, kCopy };
  async::Task<std::uint64_t> put_into(std::string folder, BlobId id, Way way);
  // Makes the folders of such a one, and syncs it when all is there.
  async::Task<void> make_folders(std::string folder);
  async::Task<void> sync_folders(std::string folder);

 private:
  class FileWriter;
  class FileReader;
  struct Shared;  // outlived by no reader, writer or hold

  explicit FileStore(std::shared_ptr<Shared> shared, env::Random& random);

  std::shared_ptr<Shared> shared_;
  env::Random& random_;
};

}  // namespace gust::blobs
