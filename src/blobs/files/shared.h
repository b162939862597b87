// What the parts of a FileStore share: where things lie, the files below, the threads. For src/blobs/files only.
#pragma once

#include "blobs/files/file_store.h"

namespace gust::blobs {

struct FileStore::Shared {
  Shared(env::Files& files_below, std::string blob_folder, FileSettings settings)
      : files(files_below),
        folder(std::move(blob_folder)),
        hear_damage(std::move(settings.damaged)),
        pool("blobs", settings.threads) {}

  std::string folder_of(const BlobId& id) const { return folder + "/" + id.str().substr(0, 2); }
  std::string path(const BlobId& id) const { return folder_of(id) + "/" + id.str() + ".crc"; }
  std::string temporary(const BlobId& id) const { return folder + "/new/" + id.str(); }

  // These block. kNotFound "blob".
  Result<std::unique_ptr<env::File>> open(const BlobId& id);
  Result<void> check(const BlobId& id);
  Result<void> remove(const BlobId& id);
  // Says so to the log and to who wants to hear; answers kCorrupt.
  Result<void> damage(const BlobId& id, std::string_view how) const;
  Result<std::uint64_t> remove_unfinished();
  Result<std::uint64_t> sweep(const std::function<bool(const BlobId&)>& is_referenced);
  // A file without checksums, as earlier versions wrote them.
  Result<void> convert(const BlobId& id);

  env::Files& files;
  std::string folder;
  std::function<void(const BlobId&)> hear_damage;
  int holds = 0;               // loop thread only, as what is next
  std::set<BlobId> waiting;    // to be removed when none holds
  async::BlockingPool pool;    // ends first: its jobs use the rest
};

}  // namespace gust::blobs
