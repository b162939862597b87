// Pipe: bytes from one writer to one reader, with a bound on what waits between them. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/event.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace gust::async {

class Pipe {
 public:
  // `capacity` in bytes: more than that, and one piece, never waits.
  Pipe(Executor executor, std::size_t capacity);

  // Waits while `capacity` bytes are unread. Pieces that nobody will read are dropped. kCancelled after close().
  Task<void> write(std::string piece);
  // The reader reads what was written, then the end, or `error`. The first call counts.
  void close(std::optional<Error> error = {});
  // The reading end, once. When it goes away the writer may go on, and is not held up.
  static std::unique_ptr<ByteSource> reader(std::shared_ptr<Pipe> pipe);

 private:
  class Reader;
  Task<std::size_t> read(std::span<std::byte> out);

  std::size_t capacity_;
  std::deque<std::string> pieces_;
  std::size_t offset_ = 0;  // read of the first piece
  std::size_t unread_ = 0;
  bool closed_ = false;
  bool abandoned_ = false;  // the reader has gone
  std::optional<Error> error_;
  Event changed_;
};

}  // namespace gust::async
