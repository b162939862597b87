// Store: immutable byte streams by id. A blob is there in whole or not at all. Implementations: files/ (durable) and
// memory/; both pass blobs/contract_test. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/task.h"
#include "base/strong.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace gust::blobs {

using BlobId = StrongString<struct BlobIdTag>;  // 32 hex digits

// One blob being written. Dropped without commit, it leaves nothing.
class Writer {
 public:
  virtual ~Writer() = default;
  // Appends; `data` lives until the task ends. kNoSpace on a full disk.
  virtual async::Task<void> write(std::span<const std::byte> data) = 0;
  // Makes it durable and visible. Until some metadata row names the id, it is an orphan for sweep() to take.
  virtual async::Task<BlobId> commit() = 0;
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
  // Succeeds also when it is gone already.
  virtual async::Task<void> remove(BlobId id) = 0;
  // At start, before any write: removes unfinished blobs and those for which `is_referenced` is false. Answers how
  // many.
  virtual async::Task<std::uint64_t> sweep(std::function<bool(const BlobId&)> is_referenced) = 0;
};

}  // namespace gust::blobs
