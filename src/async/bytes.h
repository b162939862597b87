// ByteSource: a body that is read piece by piece, so that no request or object is ever held whole in memory.
#pragma once

#include "async/task.h"

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace gust::async {

class ByteSource {
 public:
  virtual ~ByteSource() = default;
  // Reads 1..out.size() bytes; 0 only at the end. `out` lives until the task ends. One read at a time.
  virtual Task<std::size_t> read(std::span<std::byte> out) = 0;
  // How many bytes are left in all, where it is known.
  virtual std::optional<std::uint64_t> remaining() const { return std::nullopt; }
};

std::unique_ptr<ByteSource> from_string(std::string text);

// Reads to the end. kTooLarge past `limit` bytes.
Task<std::string> read_all(ByteSource& source, std::size_t limit);

}  // namespace gust::async
