#include "auth/streaming.h"

#include "auth/checksum.h"
#include "auth/sigv4.h"
#include "auth/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace gust::auth {
namespace {

constexpr std::string_view kStreaming = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
constexpr std::string_view kStreamingTrailer = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
constexpr std::string_view kStreamingUnsigned = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";

std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto piece = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), piece.size() + 1));
    auto name = lower_ascii(trimmed(piece));
    if (!name.empty()) names.push_back(std::move(name));
  }
  return names;
}

Result<std::uint64_t> decoded_length(const http::Headers& headers) {
  const auto text = headers.get("x-amz-decoded-content-length");
  if (!text) {
    return fail(Code::kInvalid, "an aws-chunked body needs the header x-amz-decoded-content-length", "decoded-length");
  }
  std::uint64_t value = 0;
  const auto digits = trimmed(*text);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return fail(Code::kInvalid, fmt::format("x-amz-decoded-content-length '{}' is not a number of bytes", digits),
                "decoded-length");
  }
  return value;
}

// aws-chunked is a framing, not an encoding of the object: what is left is the object's own.
void remove_aws_chunked(http::Headers& headers) {
  std::string rest;
  for (const auto& [name, value] : headers.all()) {
    if (!is_named(name, "content-encoding")) continue;
    std::string_view list = value;
    while (!list.empty()) {
      const auto piece = list.substr(0, list.find(','));
      list.remove_prefix(std::min(list.size(), piece.size() + 1));
      const auto token = trimmed(piece);
      if (token.empty() || token == "aws-chunked") continue;
      if (!rest.empty()) rest += ',';
      rest += token;
    }
  }
  headers.erase("content-encoding");
  if (!rest.empty()) headers.set("Content-Encoding", std::move(rest));
}

Result<void> wrap_chunked(http::Request& request, std::optional<ChunkSigning> signing, Trailers trailers) {
  ChunkedBody body;
  GUST_TRY(body.decoded_length, decoded_length(request.headers));
  body.signing = std::move(signing);
  body.trailers = trailers;
  if (trailers == Trailers::kExpected) {
    body.announced = names_of(request.headers.get_or("x-amz-trailer", ""));
    for (const auto& name : body.announced) {
      if (name.starts_with("x-amz-checksum-") && !Checksum::for_header(name)) {
        return fail(Code::kInvalid,
                    fmt::format("x-amz-trailer announces '{}', which is not a checksum that is served: crc32, "
                                "crc32c, crc64nvme, sha1, sha256",
                                name),
                    "trailer");
      }
    }
  }
  request.trailers = std::make_shared<http::Headers>();
  body.trailers_to = request.trailers;
  request.content_length = body.decoded_length;
  remove_aws_chunked(request.headers);
  request.body = chunked_source(std::move(request.body), std::move(body));
  return {};
}

bool is_hex_digest(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace

Result<void> wrap_signed(http::Request& request, std::string_view payload_hash, const ChunkSigning& signing) {
  if (payload_hash == kUnsignedPayload) return {};
  if (payload_hash == kStreaming) return wrap_chunked(request, signing, Trailers::kNone);
  if (payload_hash == kStreamingTrailer) return wrap_chunked(request, signing, Trailers::kExpected);
  if (payload_hash == kStreamingUnsigned) return wrap_chunked(request, std::nullopt, Trailers::kExpected);
  if (!is_hex_digest(payload_hash)) {
    return fail(Code::kInvalid,
                fmt::format("x-amz-content-sha256 must be UNSIGNED-PAYLOAD, {}, {}, {}, or a valid sha256 value",
                            kStreaming, kStreamingTrailer, kStreamingUnsigned),
                "content-sha256");
  }
  request.body = hashed_source(std::move(request.body), std::string(payload_hash));
  return {};
}

Result<void> wrap_unsigned(http::Request& request) {
  if (trimmed(request.headers.get_or("x-amz-content-sha256", "")) != kStreamingUnsigned) return {};
  return wrap_chunked(request, std::nullopt, Trailers::kExpected);
}

}  // namespace gust::auth
