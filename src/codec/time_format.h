// Points in time as text: ISO 8601 (RFC 3339), HTTP dates (RFC 9110), seconds since 1970. All UTC. Any thread.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string>
#include <string_view>

namespace gust::codec {

// 2026-11-23T12:00:00.123Z
std::string to_iso8601_ms(WallTime time);
// 2026-11-23T12:00:00Z; the fraction is cut
std::string to_iso8601(WallTime time);
// 20261123T120000Z, as signatures have it
std::string to_iso8601_basic(WallTime time);
// Mon, 23 Nov 2026 12:00:00 GMT
std::string to_http_date(WallTime time);

// Extended or basic form, with or without a fraction; Z or an offset. kInvalid.
Result<WallTime> from_iso8601(std::string_view text);
// The three forms of RFC 9110, section 5.6.7. kInvalid.
Result<WallTime> from_http_date(std::string_view text);

}  // namespace gust::codec
