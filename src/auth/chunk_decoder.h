// ChunkDecoder: the aws-chunked framing, bytes in, bytes out, piece by piece; with chunk and trailer signatures where
// the body is signed. Holds no body, only one line of framing. Source: "Signature calculations for the Authorization
// header: transferring a payload in multiple chunks" of the S3 API reference. One thread at a time.
#pragma once

#include "base/result.h"
#include "codec/digest.h"
#include "http/message.h"

#include <optional>
#include <span>
#include <string>

namespace gust::auth {

// What the chunk signatures are made with; the seed is the signature of the request.
struct ChunkSigning {
  std::string signing_key;
  std::string timestamp;
  std::string scope;
  std::string seed;
};

enum class Trailers { kNone, kExpected };

class ChunkDecoder {
 public:
  // Without `signing` the chunks must be unsigned.
  ChunkDecoder(std::optional<ChunkSigning> signing, Trailers trailers);

  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };
  // Takes framed bytes from `in`, writes body bytes to `out`. Takes all of `in` unless `out` is full. Errors: kInvalid
  // "chunk" (framing), kDenied "signature" (a chunk or the trailer was changed), kInvalid "trailer".
  Result<Step> feed(std::span<const std::byte> in, std::span<std::byte> out);

  // The last chunk and the trailers were read and are right.
  bool done() const { return state_ == State::kDone; }
  // kInvalid "incomplete-body": the input ended too early.
  Error end_of_input() const;
  const http::Headers& trailers() const { return trailers_; }

 private:
  enum class State { kHeader, kData, kDataEnd, kTrailer, kDone };

  Result<void> take_line(std::string_view line);
  Result<void> take_header(std::string_view line);
  Result<void> take_trailer(std::string_view line);
  Result<void> end_chunk();
  Result<void> end_trailers();

  std::optional<ChunkSigning> signing_;
  Trailers mode_;
  State state_ = State::kHeader;
  std::string line_;
  std::uint64_t left_ = 0;  // of the current chunk
  bool last_ = false;       // the chunk of size 0 was seen
  std::string expected_signature_;
  codec::Digest digest_{codec::DigestKind::kSha256};
  http::Headers trailers_;
  std::size_t trailer_bytes_ = 0;
};

}  // namespace gust::auth
