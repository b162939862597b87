// Backup: the store as it was at one moment, in a folder of its own, while writes go on. And what is done to a data
// folder that no daemon has: checking it, and making one from a backup (docs/guide/durability.md).
#pragma once

#include "blobs/files/file_store.h"
#include "env/clock.h"
#include "kv/rocks/rocks_store.h"
#include "objects/checker.h"

#include <boost/json/object.hpp>

#include <string>

namespace gust::daemon {

struct BackupSummary {
  std::uint64_t blobs = 0, bytes = 0;
  std::vector<std::string> missing;  // blobs that rows name and that are not there
};

// Makes `folder`, which must not be there yet or be empty; it is there in whole or not at all, with the objects' key.
// kInvalid or kAlreadyExists "folder". Loop thread only.
async::Task<BackupSummary> back_up(kv::RocksStore& store, blobs::FileStore& blobs, std::string key_file,
                                   std::string folder, blobs::FileStore::Way way, WallTime now);

// Every blob that a row names, of objects and of functions.
struct NamedBlobs {
  std::set<blobs::BlobId> all, of_functions;
};
Result<NamedBlobs> named_blobs(kv::Reader& rows);

boost::json::object to_json(const objects::CheckReport& report);

// These block. kUnavailable "data" when a daemon has the folder, kNotFound "data" when there is no store in it.
Result<boost::json::object> check_folder(const std::string& data);
// Makes the data folder, which must not be there yet or be empty, and checks it: the report, and `blobs`, `bytes`.
Result<boost::json::object> restore_folder(const std::string& backup, const std::string& data);

}  // namespace gust::daemon
