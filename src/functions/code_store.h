// CodeStore: the zips of functions and layers as blobs, and what was in them as folders that sandboxes mount. Not who
// uses them: that is the registry's. Errors have the source "zip" where the zip is to blame. Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/task.h"
#include "blobs/store.h"
#include "env/random.h"
#include "functions/function.h"
#include "kv/store.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace gust::functions {

// A zip that is kept. `folder` is relative to the store's and never changes.
struct Package {
  std::string sha256;  // base64
  std::uint64_t size = 0;
  std::string blob;
  std::string folder;
  FolderSize unpacked;  // of no files: not known
};

// All that `fill` puts into it is in `folder`, on the disk, or nothing is, also after a loss of power. `fill` gets the
// name under which it is to make it, and leaves nothing there when it fails. Blocking; any thread.
Result<FolderSize> make_whole(const std::string& folder, const std::function<Result<void>(const std::string&)>& fill);

class CodeStore {
 public:
  CodeStore(kv::Store& store, blobs::Store& blobs, env::Random& random, std::string folder)
      : store_(store), blobs_(blobs), random_(random), folder_(std::move(folder)) {}

  // Stores and unpacks `zip`, durably, into a new folder below `place` (ACCOUNT/NAME). kInvalid or kTooLarge "zip".
  async::Task<Package> take(std::string place, std::string zip);
  async::Task<std::string> zip(Package package);
  // What cannot be removed now is removed by the next start.
  async::Task<void> drop(Package package);
  async::Task<void> drop_zip(std::string blob) { return blobs_.remove(blobs::BlobId(blob)); }

  bool has(const std::string& folder) const;

  // One folder with the files of all layers, the later ones over the earlier; the only layer's own when there is one.
  async::Task<std::string> merge(AccountId account, std::vector<LayerUse> layers);

  // At the start: removes the zips that are not in `kept`.
  async::Task<void> sweep_zips(std::set<std::string> kept);
  // At the start: removes the folders that are not in `kept`.
  async::Task<void> sweep(std::set<std::string> kept);
  // Unpacks again those that are not whole; the log says of whom, and which are lost.
  struct Owned {
    Package package;
    std::string owner;
  };
  async::Task<void> restore(std::vector<Owned> packages);

 private:
  async::Task<void> unpack_again(Package package);
  // Makes the row that says so of a zip, durably, before it is there.
  async::Task<void> announce(blobs::BlobId zip);

  kv::Store& store_;
  blobs::Store& blobs_;
  env::Random& random_;
  std::string folder_;
  async::BlockingPool unpackers_{"unpack", 2, 64};
};

}  // namespace gust::functions
