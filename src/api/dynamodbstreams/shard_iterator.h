// ShardIterator: a place in a stream, as clients carry it about. It needs no signature: whoever makes one up reads no
// more than the stream it names lets him read. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::api {

struct ShardIterator {
  // When records at this place have been trimmed: told to the client, or passed over.
  enum class Trimmed { kTold, kPassed };
  std::string stream_arn;
  std::uint64_t after = 0;  // the sequence number before the place
  Trimmed trimmed = Trimmed::kPassed;
  WallTime issued_at = {};
  bool operator==(const ShardIterator&) const = default;
};

inline constexpr Millis kIteratorLives = std::chrono::minutes(15);

std::string iterator_text(const ShardIterator& iterator);
// kInvalid "request".
Result<ShardIterator> parse_iterator(std::string_view text);

}  // namespace gust::api
