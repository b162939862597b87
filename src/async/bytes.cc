#include "async/bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace gust::async {
namespace {

constexpr std::size_t kFirstPiece = 16 << 10, kTail = 16;

class StringSource final : public ByteSource {
 public:
  explicit StringSource(std::string text) : text_(std::move(text)) {}

  Task<std::size_t> read(std::span<std::byte> out) override {
    const auto n = std::min(out.size(), text_.size() - at_);
    std::memcpy(out.data(), text_.data() + at_, n);
    at_ += n;
    co_return n;
  }
  std::optional<std::uint64_t> remaining() const override { return text_.size() - at_; }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> from_string(std::string text) { return std::make_unique<StringSource>(std::move(text)); }

Task<std::string> read_all(ByteSource& source, std::size_t limit) {
  std::string text;
  std::size_t used = 0;
  for (;;) {
    if (used == text.size()) {
      const std::uint64_t more = std::max(text.size(), kFirstPiece);
      const auto left = source.remaining();  // and room to see that there is no more
      text.resize(used + static_cast<std::size_t>(left ? std::min(more, *left + kTail) : more));
    }
    const auto room = std::as_writable_bytes(std::span(text)).subspan(used);
    GUST_CO_TRY(const auto n, co_await source.read(room));
    if (n == 0) break;
    used += n;
    if (used > limit) co_return fail(Code::kTooLarge, fmt::format("the body is larger than {} bytes", limit), "body");
  }
  text.resize(used);
  co_return text;
}

}  // namespace gust::async
