// An Env for RocksDB on env::Files: so that a store's rows and blobs lie on one disk that a test can break. Threads and
// clock are the system's. Not for production: RocksDB's own does more than env::Files asks of a file system.
#pragma once

#include "env/files.h"

#include <memory>

namespace rocksdb {
class Env;
}

namespace gust::kv {

// `files` outlives it.
std::shared_ptr<rocksdb::Env> make_env(env::Files& files);

}  // namespace gust::kv
