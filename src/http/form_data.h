// FormDecoder: multipart/form-data (RFC 7578, with RFC 2046's boundaries) piece by piece, in memory that does not grow
// with the body. Does no reading: bytes are fed, events come out. One thread at a time.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace gust::http {

// The boundary in a Content-Type of multipart/form-data. kInvalid "form" when it is of another type, or has none.
Result<std::string> form_boundary(std::string_view content_type);

struct FormPart {
  std::string name;
  std::string filename;  // as the client sent it, or empty
};

class FormDecoder {
 public:
  enum class Event {
    kMore,     // feed() more, or finish()
    kPart,     // a part begins: part()
    kData,     // bytes of it: data()
    kPartEnd,  // it is whole
    kEnd,      // the form is whole; whatever follows is ignored
  };

  explicit FormDecoder(std::string_view boundary);

  // To be called when next() said kMore, with bytes; they are copied.
  void feed(std::string_view bytes);
  // There are no more bytes.
  void finish() { finished_ = true; }
  // kInvalid "form" for what is no form, and for one that breaks off; then the decoder must not be used again.
  Result<Event> next();

  const FormPart& part() const { return part_; }
  // Until the next call of any kind.
  std::string_view data() const { return data_; }

 private:
  enum class State { kPreamble, kDelimiter, kHead, kBody, kDone };

  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  Result<Event> preamble();
  Result<Event> delimiter();
  Result<Event> head();
  Result<Event> body();
  Result<Event> more() const;

  std::string delimiter_;  // CRLF "--" boundary
  std::string buffer_ = "\r\n";  // the first delimiter needs no line break before it
  std::size_t at_ = 0;
  bool finished_ = false;
  State state_ = State::kPreamble;
  FormPart part_;
  std::string_view data_;
};

}  // namespace gust::http
