#include "api/s3/post_fields.h"

#include "auth/text.h"

#include <algorithm>
#include <cstring>

namespace gust::api {
namespace {

using Event = http::FormDecoder::Event;

constexpr std::size_t kMaxFieldBytes = 20 << 10;  // of everything before the file
constexpr std::size_t kPiece = 64 << 10;
constexpr std::string_view kFileField = "file", kFilename = "${filename}";

Error file_count() { return {Code::kInvalid, "POST requires exactly one file upload per request.", "file count"}; }

std::unexpected<wire::Fault> too_long() {
  return wire::fault("MaxPostPreDataLengthExceeded",
                     "Your POST request fields preceding the upload file were too large.",
                     {{"MaxPostPreDataLengthBytes", std::to_string(kMaxFieldBytes)}}, 400);
}

// Browsers may give a path, in the form of their system.
std::string last_segment(const std::string& filename) {
  const auto at = filename.find_last_of("/\\");
  return at == std::string::npos ? filename : filename.substr(at + 1);
}

void replace_filename(std::string& text, const std::string& filename) {
  for (std::size_t at = 0; (at = text.find(kFilename, at)) != std::string::npos; at += filename.size())
    text.replace(at, kFilename.size(), filename);
}

class FileSource final : public async::ByteSource {
 public:
  FileSource(std::unique_ptr<FormInput> input, ByteLimits limits, std::shared_ptr<std::uint64_t> seen)
      : input_(std::move(input)), limits_(limits), seen_(std::move(seen)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    while (left_.empty() && !ended_) {
      GUST_CO_TRY(const auto event, co_await input_->next());
      if (event == Event::kPartEnd) {
        if (*seen_ < limits_.min) co_return wrong_size();
        GUST_CO_CHECK(co_await skip_rest());
        ended_ = true;
        break;
      }
      left_ = input_->decoder().data();
      *seen_ += left_.size();
      if (*seen_ > limits_.max) co_return wrong_size();
    }
    const auto n = std::min(left_.size(), out.size());
    if (n > 0) std::memcpy(out.data(), left_.data(), n);
    left_.remove_prefix(n);
    co_return n;
  }

 private:
  static std::unexpected<Error> wrong_size() {
    return fail(Code::kInvalid, "the file is smaller or larger than it may be", "file size");
  }

  // Fields after the file are ignored, whatever they are.
  async::Task<void> skip_rest() {
    for (;;) {
      GUST_CO_TRY(const auto event, co_await input_->next());
      if (event == Event::kEnd) co_return Result<void>();
      if (event == Event::kPart && auth::lower_ascii(input_->decoder().part().name) == kFileField)
        co_return std::unexpected(file_count());
    }
  }

  std::unique_ptr<FormInput> input_;
  ByteLimits limits_;
  std::shared_ptr<std::uint64_t> seen_;
  std::string_view left_;  // of the decoder's data
  bool ended_ = false;
};

}  // namespace

async::Task<Event> FormInput::next() {
  for (;;) {
    GUST_CO_TRY(const auto event, decoder_.next());
    if (event != Event::kMore) co_return event;
    piece_.resize(kPiece);
    GUST_CO_TRY(const auto n, co_await body_->read(std::as_writable_bytes(std::span(piece_))));
    if (n == 0) decoder_.finish();
    decoder_.feed(std::string_view(piece_).substr(0, n));
  }
}

std::optional<std::string> PostForm::field(std::string_view lower_case_name) const {
  const auto it = fields.find(std::string(lower_case_name));
  return it == fields.end() ? std::nullopt : std::optional(it->second);
}

S3Reply<PostForm> read_fields(std::unique_ptr<async::ByteSource> body, std::string boundary) {
  PostForm out;
  out.input = std::make_unique<FormInput>(std::move(body), boundary);
  const auto& decoder = out.input->decoder();
  std::string name, value;
  std::size_t size = 0;
  for (;;) {
    GUST_CO_TRY(const auto event, co_await out.input->next());
    if (event == Event::kEnd) {
      auto none = file_count();
      co_return std::unexpected(wire::Fault(std::move(none)));
    }
    if (event == Event::kPart) {
      name = auth::lower_ascii(decoder.part().name);
      if (name == kFileField) break;
      value.clear();
      size += name.size();
    } else if (event == Event::kData) {
      value += decoder.data();
      size += decoder.data().size();
    } else if (!out.fields.try_emplace(name, value).second) {
      co_return wire::fault("InvalidArgument", "A form can have each field only once.",
                            {{"ArgumentName", name}, {"ArgumentValue", value}}, 400);
    }
    if (size > kMaxFieldBytes) co_return too_long();
  }
  const auto filename = last_segment(decoder.part().filename);
  for (auto& [field, text] : out.fields) {
    if (field != "policy") replace_filename(text, filename);
  }
  co_return out;
}

std::unique_ptr<async::ByteSource> file_of(std::unique_ptr<FormInput> input, ByteLimits limits,
                                           std::shared_ptr<std::uint64_t> seen) {
  return std::make_unique<FileSource>(std::move(input), limits, std::move(seen));
}

}  // namespace gust::api
