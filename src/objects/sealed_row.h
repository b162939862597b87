// The bytes of a segment that lies in one row: few, so that they are read and opened at once. Any thread.
#pragma once

#include "objects/sealing.h"

#include <string>

namespace gust::objects {

// Whether a segment is of this kind.
bool is_row(const Segment& segment);

// Bytes [offset, offset + length) of `segment`, whose row is `stored`; `key` is the segment's own, or none where its
// bytes are not encrypted. kCorrupt when they are not what was written.
Result<std::string> open_row(const std::optional<codec::Key256>& key, const Segment& segment, std::string stored,
                             std::uint64_t offset, std::uint64_t length);

}  // namespace gust::objects
