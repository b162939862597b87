// Any bytes as an aws-chunked body, signed and not, in pieces of every size.
#include "auth/chunk_decoder.h"
#include "fuzz/fuzz.h"

#include <array>

namespace {

void decode(gust::auth::ChunkDecoder decoder, std::string_view text, std::size_t step) {
  std::array<std::byte, 64> out;
  while (!text.empty()) {
    const auto piece = text.substr(0, step);
    const auto done = decoder.feed(std::as_bytes(std::span(piece)), out);
    if (!done) return;
    GUST_ASSERT(done->consumed <= piece.size() && done->produced <= out.size());
    GUST_ASSERT(done->consumed > 0 || done->produced > 0);
    text.remove_prefix(done->consumed);
  }
  if (!decoder.done()) (void)decoder.end_of_input();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  using namespace gust::auth;
  const std::size_t step = data[0] % 100 + 1;
  const auto text = as_text(data + 1, size - 1);
  decode(ChunkDecoder(std::nullopt, Trailers::kExpected), text, step);
  decode(ChunkDecoder(ChunkSigning{"key", "20261123T120000Z", "20261123/r/s3/aws4_request", "seed"}, Trailers::kNone),
         text, step);
  return 0;
}
