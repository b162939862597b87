#include "auth/payload.h"

#include "auth/checksum.h"
#include "codec/hex.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::auth {
namespace {

class HashedSource final : public async::ByteSource {
 public:
  HashedSource(std::unique_ptr<async::ByteSource> inner, std::string expected)
      : inner_(std::move(inner)), expected_(std::move(expected)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    if (ended_) co_return verdict_;
    GUST_CO_TRY(const auto n, co_await inner_->read(out));
    if (n > 0) {
      digest_.update(out.first(n));
      co_return n;
    }
    ended_ = true;
    const auto actual = codec::to_hex(digest_.finish());
    if (!codec::equal_in_constant_time(actual, expected_)) {
      verdict_ = fail(Code::kInvalid,
                      fmt::format("the body has the SHA-256 {}, x-amz-content-sha256 promised {}", actual, expected_),
                      "content-sha256");
    }
    co_return verdict_;
  }
  std::optional<std::uint64_t> remaining() const override { return inner_->remaining(); }

 private:
  std::unique_ptr<async::ByteSource> inner_;
  std::string expected_;
  codec::Digest digest_{codec::DigestKind::kSha256};
  bool ended_ = false;
  Result<std::size_t> verdict_ = 0;  // what every read after the end answers
};

class ChunkedSource final : public async::ByteSource {
 public:
  ChunkedSource(std::unique_ptr<async::ByteSource> inner, ChunkedBody body)
      : inner_(std::move(inner)),
        decoder_(std::move(body.signing), body.trailers),
        left_(body.decoded_length),
        announced_(std::move(body.announced)),
        trailers_to_(std::move(body.trailers_to)) {
    for (const auto& name : announced_) {
      if (auto checksum = Checksum::for_header(name)) checksums_.emplace_back(name, std::move(*checksum));
    }
  }

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    if (ended_) co_return verdict_;
    auto n = co_await read_some(out);
    ended_ = !n || *n == 0;
    if (ended_) verdict_ = n;
    co_return n;
  }
  std::optional<std::uint64_t> remaining() const override { return left_; }

 private:
  async::Task<std::size_t> read_some(std::span<std::byte> out) {
    for (;;) {
      if (at_ == filled_ && !inner_ended_) {
        GUST_CO_TRY(filled_, co_await inner_->read(buffer_));
        at_ = 0;
        inner_ended_ = filled_ == 0;
      }
      if (inner_ended_) break;
      GUST_CO_TRY(const auto step, decoder_.feed(std::span(buffer_).subspan(at_, filled_ - at_), out));
      at_ += step.consumed;
      if (step.produced == 0) continue;
      GUST_CO_CHECK(count(out.first(step.produced)));
      co_return step.produced;
    }
    GUST_CO_CHECK(finish());
    co_return 0;
  }

  Result<void> count(std::span<const std::byte> bytes) {
    if (bytes.size() > left_) {
      return fail(Code::kInvalid, "the body is longer than x-amz-decoded-content-length says", "decoded-length");
    }
    left_ -= bytes.size();
    for (auto& [name, checksum] : checksums_) checksum.update(bytes);
    return {};
  }

  Result<void> finish() {
    if (!decoder_.done()) return std::unexpected(decoder_.end_of_input());
    if (left_ > 0) {
      return fail(Code::kInvalid,
                  fmt::format("the body is {} bytes shorter than x-amz-decoded-content-length says", left_),
                  "incomplete-body");
    }
    for (const auto& name : announced_) {
      if (!decoder_.trailers().contains(name)) {
        return fail(Code::kInvalid, fmt::format("the trailer '{}' that x-amz-trailer announces is missing", name),
                    "trailer");
      }
    }
    GUST_CHECK(verify_checksums());
    if (trailers_to_) *trailers_to_ = decoder_.trailers();
    return {};
  }

  Result<void> verify_checksums() {
    for (const auto& [name, value] : decoder_.trailers().all()) {
      if (!Checksum::for_header(name)) continue;
      const auto it = std::ranges::find(checksums_, name, &std::pair<std::string, Checksum>::first);
      if (it == checksums_.end()) {
        return fail(Code::kInvalid, fmt::format("the trailer '{}' is not announced in x-amz-trailer", name), "trailer");
      }
    }
    for (auto& [name, checksum] : checksums_) {
      const auto actual = checksum.finish();
      const auto promised = decoder_.trailers().get_or(name, "");
      if (actual != promised) {
        return fail(Code::kInvalid, fmt::format("the trailer {} is {}, the body has {}", name, promised, actual),
                    "trailer-checksum");
      }
    }
    return {};
  }

  std::unique_ptr<async::ByteSource> inner_;
  ChunkDecoder decoder_;
  std::uint64_t left_;
  std::vector<std::string> announced_;
  std::vector<std::pair<std::string, Checksum>> checksums_;
  std::shared_ptr<http::Headers> trailers_to_;
  std::vector<std::byte> buffer_{std::size_t{64} << 10};
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
  bool inner_ended_ = false;
  bool ended_ = false;
  Result<std::size_t> verdict_ = 0;  // what every read after the end answers
};

}  // namespace

std::unique_ptr<async::ByteSource> hashed_source(std::unique_ptr<async::ByteSource> inner, std::string expected_hex) {
  return std::make_unique<HashedSource>(std::move(inner), std::move(expected_hex));
}

std::unique_ptr<async::ByteSource> chunked_source(std::unique_ptr<async::ByteSource> inner, ChunkedBody body) {
  return std::make_unique<ChunkedSource>(std::move(inner), std::move(body));
}

}  // namespace gust::auth
