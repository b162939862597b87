// What the write-ahead log says of itself: each commit carries a mark, up to which number everything was synced before
// it (docs/formats/kv.md). So a log that is damaged at its end, as a loss of power leaves it, can be told from one that
// lost what was acknowledged. Any thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>

namespace rocksdb {
class Env;
}

namespace gust::kv {

// The bytes of a mark, for WriteBatch::PutLogData.
std::string wal_mark(std::uint64_t synced_sequence);

// The highest mark in any record of the folder's logs that is whole, also behind damage. 0 when there is none.
Result<std::uint64_t> highest_wal_mark(rocksdb::Env& env, const std::string& folder);

}  // namespace gust::kv
