// Store: immutable byte streams by id. A blob is there in whole or not at all. Implementations: files/ (durable) and
// memory/; both pass blobs/contract_test. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/task.h"
#include "base/strong.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <span>

namespace gust::blobs {

using BlobId = StrongString<struct BlobIdTag>;  // 32 hex digits

// One blob being written. Dropped without commit, it leaves nothing.
class Writer {
 public:
  virtual ~Writer() = default;
  // Appends; `data` lives until the task ends. kNoSpace on a full disk.
  virtual async::Task<void> write(std::span<const std::byte> data) = 0;
  // Makes its bytes durable, so that commit() has less to do. Nothing is written after it.
  virtual async::Task<void> sync() = 0;
  // Makes it durable and visible. Whoever commits it has made sure that it is found again after a crash.
  virtual async::Task<BlobId> commit() = 0;
  virtual BlobId id() const = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual async::Task<std::unique_ptr<Writer>> create() = 0;
  // Bytes [offset, offset + length) of the blob; kNotFound, kInvalid when past its end. A reader that is open when
  // the blob is removed still reads to its end.
  virtual async::Task<std::unique_ptr<async::ByteSource>> open(BlobId id, std::uint64_t offset,
                                                               std::uint64_t length) = 0;
  virtual async::Task<std::uint64_t> size(BlobId id) = 0;
  // Succeeds also when it is gone already. After a loss of power it may be there again, until settle().
  virtual async::Task<void> remove(BlobId id) = 0;
  // Of `removed`, those that will not be there again; not those that somebody holds.
  virtual async::Task<std::set<BlobId>> settle(std::set<BlobId> removed) = 0;
  // At start, before any write: removes what was not committed. Answers how many.
  virtual async::Task<std::uint64_t> remove_unfinished() = 0;
  // The same, and removes all those for which `is_referenced` is false: looks at every blob.
  virtual async::Task<std::uint64_t> sweep(std::function<bool(const BlobId&)> is_referenced) = 0;
};

}  // namespace gust::blobs
