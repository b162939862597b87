// Checker: reads every object, part and blob, and says what is not as it was written and what belongs to nothing. It
// changes nothing. Loop thread only.
#pragma once

#include "blobs/files/file_store.h"
#include "codec/aes_gcm.h"
#include "kv/store.h"
#include "objects/types.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gust::objects {

struct Problem {
  enum class Kind {
    kDamaged,      // the bytes are not those that were written
    kMissing,      // a row names bytes that are not there
    kUndecodable,  // a row is not as docs/formats/objects.md has it
    kOrphanBlob,   // a blob that no row names
    kOrphanRow,    // bytes or a part that no object or upload names
    kUnfinished,   // a file that was in the making when its process ended
  };
  Kind kind = Kind::kDamaged;
  std::string what;  // "BUCKET/KEY", "upload ID part N", "blob ID", "row ..."
  std::string why;
};
std::string_view name_of(Problem::Kind kind);

struct CheckReport {
  std::uint64_t buckets = 0, objects = 0, uploads = 0, parts = 0, blobs = 0, bytes = 0;
  std::vector<Problem> problems;
};

// What the blob folder holds. Listed before the rows are looked at, a blob whose row is not yet there is not in it.
struct BlobListing {
  std::vector<blobs::StoredBlob> blobs;
  std::vector<std::string> unfinished;
};
async::Task<BlobListing> list_blobs(blobs::FileStore& blobs);

struct CheckInput {
  kv::Reader& rows;  // one moment
  blobs::FileStore& blobs;
  BlobListing there;
  std::set<blobs::BlobId> others;  // that other modules name: the code of functions
  // Where a store is being written to: younger files may be in the making, and are not called orphans.
  WallTime orphans_before = WallTime::max();
  // The store's own. Without it, as with a client's key, bytes are held against the checksums that they have as they
  // are stored, and not against their ETag.
  std::optional<codec::Key256> key = {};
};
// Errors only where it could not go on; what is wrong with the store is in the report.
async::Task<CheckReport> check_everything(CheckInput input);

}  // namespace gust::objects
