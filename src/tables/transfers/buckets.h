// Buckets: objects as exports write them and imports read them. Who stores objects gives it. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/task.h"
#include "base/ids.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace gust::tables {

class Buckets {
 public:
  virtual ~Buckets() = default;

  // Whose bucket it is and in what name it is asked for. All answer kNotFound or kDenied with source "bucket" where the
  // bucket is none of the account's.
  struct Where {
    AccountId account;
    std::string bucket;
  };
  // The ETag.
  virtual async::Task<std::string> put(Where where, std::string key, std::string bytes) = 0;
  struct Object {
    std::string key;
    std::uint64_t size = 0;
  };
  // In the order of keys, those that begin with `prefix` and come after `after`; fewer than `limit`: there are no more.
  virtual async::Task<std::vector<Object>> list(Where where, std::string prefix, std::string after,
                                                std::size_t limit) = 0;
  // kNotFound "key".
  virtual async::Task<std::unique_ptr<async::ByteSource>> open(Where where, std::string key) = 0;
};

}  // namespace gust::tables
