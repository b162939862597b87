// The parts of an upload's form: its fields, which come first, and its file, which is read as a body. Loop thread only.
#pragma once

#include "api/s3/post_policy.h"
#include "api/s3/shared.h"
#include "http/form_data.h"

#include <memory>
#include <string>

namespace gust::api {

// A form as it is read.
class FormInput {
 public:
  FormInput(std::unique_ptr<async::ByteSource> body, std::string_view boundary)
      : body_(std::move(body)), decoder_(boundary) {}

  // The next event but kMore. Errors of the decoder and of the body.
  async::Task<http::FormDecoder::Event> next();
  const http::FormDecoder& decoder() const { return decoder_; }

 private:
  std::unique_ptr<async::ByteSource> body_;
  http::FormDecoder decoder_;
  std::string piece_;
};

struct ByteLimits {
  std::uint64_t min = 0;
  std::uint64_t max = UINT64_MAX;
};

struct PostForm {
  PostFields fields;  // with ${filename} replaced
  std::unique_ptr<FormInput> input;

  std::optional<std::string> field(std::string_view lower_case_name) const;
};

// Reads up to the file's bytes. Faults: MalformedPOSTRequest, MaxPostPreDataLengthExceeded, and InvalidArgument for a
// form without a file or with a field twice.
S3Reply<PostForm> read_fields(std::unique_ptr<async::ByteSource> body, std::string boundary);

// The file's bytes; at its end the rest of the form was read and is well-formed, and has no other file. kInvalid, "file
// size", under or over the limits; `seen` has how many bytes there were up to then.
std::unique_ptr<async::ByteSource> file_of(std::unique_ptr<FormInput> input, ByteLimits limits,
                                           std::shared_ptr<std::uint64_t> seen);

}  // namespace gust::api
