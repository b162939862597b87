#include "auth/chunk_decoder.h"

#include "auth/sigv4.h"
#include "auth/text.h"
#include "codec/hex.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace gust::auth {
namespace {

constexpr std::size_t kMaxLine = 1024;
constexpr std::size_t kMaxTrailerBytes = 8192;
constexpr std::string_view kSignatureExtension = "chunk-signature=";

std::unexpected<Error> bad_chunk(std::string message) { return fail(Code::kInvalid, std::move(message), "chunk"); }

}  // namespace

ChunkDecoder::ChunkDecoder(std::optional<ChunkSigning> signing, Trailers trailers)
    : signing_(std::move(signing)), mode_(trailers) {}

Result<ChunkDecoder::Step> ChunkDecoder::feed(std::span<const std::byte> in, std::span<std::byte> out) {
  Step step;
  while (step.consumed < in.size()) {
    const auto rest = in.subspan(step.consumed);
    if (state_ == State::kDone) return bad_chunk("there are bytes after the last chunk of the body");
    if (state_ == State::kData) {
      const auto room = out.subspan(step.produced);
      const auto n = std::min({rest.size(), room.size(), static_cast<std::size_t>(left_)});
      if (n == 0) break;
      std::memcpy(room.data(), rest.data(), n);
      if (signing_) digest_.update(rest.first(n));
      step.consumed += n;
      step.produced += n;
      left_ -= n;
      if (left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    const auto* text = reinterpret_cast<const char*>(rest.data());
    const auto* newline = static_cast<const char*>(std::memchr(text, '\n', rest.size()));
    const auto n = newline == nullptr ? rest.size() : static_cast<std::size_t>(newline - text) + 1;
    if (line_.size() + n > kMaxLine)
      return bad_chunk(fmt::format("a line of the chunk framing is longer than {} bytes", kMaxLine));
    line_.append(text, n);
    step.consumed += n;
    if (newline == nullptr) break;
    std::string line = std::exchange(line_, {});
    line.pop_back();
    if (line.ends_with('\r')) line.pop_back();
    else if (state_ != State::kTrailer) return bad_chunk("a line of the chunk framing does not end with CR LF");
    GUST_CHECK(take_line(line));
  }
  return step;
}

Result<void> ChunkDecoder::take_line(std::string_view line) {
  if (state_ == State::kHeader) return take_header(line);
  if (state_ == State::kTrailer) return take_trailer(line);
  if (!line.empty()) return bad_chunk("the bytes of a chunk are not followed by CR LF: its size is wrong");
  GUST_CHECK(end_chunk());
  state_ = State::kHeader;
  return {};
}

Result<void> ChunkDecoder::take_header(std::string_view line) {
  const auto size = line.substr(0, line.find(';'));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(size.data(), size.data() + size.size(), value, 16);
  if (error != std::errc() || end != size.data() + size.size()) {
    return bad_chunk(fmt::format("the chunk header '{}' does not start with a hexadecimal size", line.substr(0, 80)));
  }
  const auto extension = size.size() < line.size() ? line.substr(size.size() + 1) : std::string_view();
  if (signing_) {
    if (!extension.starts_with(kSignatureExtension) || extension.size() != kSignatureExtension.size() + 64) {
      return bad_chunk("a chunk of a signed body needs ';chunk-signature=' and 64 hexadecimal digits");
    }
    expected_signature_ = std::string(extension.substr(kSignatureExtension.size()));
  }
  left_ = value;
  if (value > 0) {
    state_ = State::kData;
    return {};
  }
  last_ = true;
  GUST_CHECK(end_chunk());
  state_ = State::kTrailer;  // at least the empty line that ends the body
  return {};
}

Result<void> ChunkDecoder::end_chunk() {
  if (!signing_) return {};
  auto hash = codec::to_hex(digest_.finish());
  digest_ = codec::Digest(codec::DigestKind::kSha256);
  const auto text = fmt::format("AWS4-HMAC-SHA256-PAYLOAD\n{}\n{}\n{}\n{}\n{}", signing_->timestamp, signing_->scope,
                                signing_->seed, kEmptyHash, hash);
  auto right = signature(signing_->signing_key, text);
  if (!codec::equal_in_constant_time(right, expected_signature_)) {
    return fail(Code::kDenied, "the signature of a chunk of the body does not match: the body was changed on its way",
                "signature");
  }
  signing_->seed = std::move(right);
  return {};
}

Result<void> ChunkDecoder::take_trailer(std::string_view line) {
  if (line.empty()) return end_trailers();
  trailer_bytes_ += line.size();
  const auto colon = line.find(':');
  if (mode_ == Trailers::kNone || colon == std::string_view::npos || colon == 0 || trailer_bytes_ > kMaxTrailerBytes) {
    return fail(Code::kInvalid,
                mode_ == Trailers::kNone ? "the body has trailers that x-amz-content-sha256 does not announce"
                                         : "a trailer must be 'name:value', all trailers at most 8192 bytes",
                "trailer");
  }
  trailers_.add(lower_ascii(trimmed(line.substr(0, colon))), std::string(trimmed(line.substr(colon + 1))));
  return {};
}

Result<void> ChunkDecoder::end_trailers() {
  state_ = State::kDone;
  if (!signing_ || mode_ == Trailers::kNone) return {};
  const auto given = std::string(trailers_.get_or("x-amz-trailer-signature", ""));
  trailers_.erase("x-amz-trailer-signature");
  auto sorted = trailers_.all();
  std::ranges::sort(sorted);
  std::string canonical;
  for (const auto& [name, value] : sorted) canonical += fmt::format("{}:{}\n", name, value);
  const auto text = fmt::format("AWS4-HMAC-SHA256-TRAILER\n{}\n{}\n{}\n{}", signing_->timestamp, signing_->scope,
                                signing_->seed, codec::sha256_hex(canonical));
  if (!codec::equal_in_constant_time(signature(signing_->signing_key, text), given)) {
    return fail(Code::kDenied,
                "the signature of the trailers does not match: they were changed, or their signature is missing",
                "signature");
  }
  return {};
}

Error ChunkDecoder::end_of_input() const {
  return {Code::kInvalid,
          last_ ? "the body ended before the empty line after its last chunk"
                : fmt::format("the body ended in the middle of a chunk; {} bytes of it are missing", left_),
          "incomplete-body"};
}

}  // namespace gust::auth
