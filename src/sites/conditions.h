// Conditional and range requests (RFC 9110, sections 13 and 14) on one object. Pure; any thread.
#pragma once

#include "base/time.h"
#include "http/message.h"

#include <cstdint>
#include <optional>
#include <string>

namespace gust::sites {

enum class Freshness { kSend, kNotModified, kFailed };

// What If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since make of a GET or HEAD.
Freshness freshness(const http::Headers& headers, const std::string& etag, WallTime modified_at);

struct ByteRange {
  enum class Kind { kWhole, kPart, kUnsatisfiable } kind = Kind::kWhole;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

// The one range that Range asks for. Several ranges, other units and nonsense are as no Range at all, as is a Range
// whose If-Range does not hold.
ByteRange byte_range(const http::Headers& headers, std::uint64_t size, const std::string& etag, WallTime modified_at);

}  // namespace gust::sites
