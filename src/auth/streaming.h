// How x-amz-content-sha256 and its companions turn into a body that checks itself. Loop thread only.
#pragma once

#include "auth/payload.h"

namespace gust::auth {

// `payload_hash` is what was signed: a hexadecimal SHA-256, UNSIGNED-PAYLOAD or one of the STREAMING- forms. kInvalid
// "content-sha256", "decoded-length", "trailer".
Result<void> wrap_signed(http::Request& request, std::string_view payload_hash, const ChunkSigning& signing);

// The same for an anonymous request: only STREAMING-UNSIGNED-PAYLOAD-TRAILER is decoded.
Result<void> wrap_unsigned(http::Request& request);

}  // namespace gust::auth
