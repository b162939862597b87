// Pieces: how many rows to ask for next, when rows may be 400 KB or a few bytes and only bytes are known to be wanted.
// One thread at a time.
#pragma once

#include "kv/store.h"

#include <algorithm>
#include <vector>

namespace gust::tables {

class Pieces {
 public:
  // Few at first, and then as many as are of about `bytes`, going by those before.
  std::size_t next(std::size_t bytes) const {
    if (rows_ == 0) return kFirst;
    const auto average = std::max<std::size_t>(1, bytes_ / rows_);
    return std::clamp<std::size_t>(bytes / average + 1, 1, std::min(rows_ * 4, kMost));
  }
  void took(const std::vector<kv::Entry>& rows) {
    rows_ += rows.size();
    for (const auto& row : rows) bytes_ += row.value.size();
  }

 private:
  static constexpr std::size_t kFirst = 4, kMost = 1000;
  std::size_t rows_ = 0, bytes_ = 0;
};

}  // namespace gust::tables
