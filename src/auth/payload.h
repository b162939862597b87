// The body of a signed request: sources that check what was promised before they say that the body is at its end. A
// reader that gets an error must throw away what it has read. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "auth/chunk_decoder.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::auth {

// Passes `inner` on; at its end kInvalid "content-sha256" unless its SHA-256 is `expected_hex`.
std::unique_ptr<async::ByteSource> hashed_source(std::unique_ptr<async::ByteSource> inner, std::string expected_hex);

struct ChunkedBody {
  std::optional<ChunkSigning> signing;
  Trailers trailers = Trailers::kNone;
  std::uint64_t decoded_length = 0;            // x-amz-decoded-content-length
  std::vector<std::string> announced;          // the names in x-amz-trailer, lower-case
  std::shared_ptr<http::Headers> trailers_to;  // filled at the end
};

// Decodes aws-chunked. Errors of the decoder, and: kInvalid "incomplete-body" or "decoded-length" when the length is
// not the promised one, kInvalid "trailer" when an announced trailer is missing, kInvalid "trailer-checksum" when a
// checksum in the trailers is not that of the body.
std::unique_ptr<async::ByteSource> chunked_source(std::unique_ptr<async::ByteSource> inner, ChunkedBody body);

}  // namespace gust::auth
