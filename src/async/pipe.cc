#include "async/pipe.h"

#include <algorithm>
#include <cstring>

namespace gust::async {

class Pipe::Reader final : public ByteSource {
 public:
  explicit Reader(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  ~Reader() override {
    pipe_->abandoned_ = true;
    pipe_->pieces_.clear();
    pipe_->unread_ = 0;
    pipe_->changed_.pulse();
  }

  Task<std::size_t> read(std::span<std::byte> out) override { return pipe_->read(out); }

 private:
  std::shared_ptr<Pipe> pipe_;
};

Pipe::Pipe(Executor executor, std::size_t capacity) : capacity_(capacity), changed_(executor) {}

std::unique_ptr<ByteSource> Pipe::reader(std::shared_ptr<Pipe> pipe) {
  return std::make_unique<Reader>(std::move(pipe));
}

Task<void> Pipe::write(std::string piece) {
  while (!closed_ && !abandoned_ && unread_ >= capacity_) GUST_CO_CHECK(co_await changed_.wait());
  if (closed_) co_return fail(Code::kCancelled, "the pipe is closed", "pipe");
  if (!abandoned_ && !piece.empty()) {
    unread_ += piece.size();
    pieces_.push_back(std::move(piece));
    changed_.pulse();
  }
  co_return Result<void>{};
}

void Pipe::close(std::optional<Error> error) {
  if (std::exchange(closed_, true)) return;
  error_ = std::move(error);
  changed_.pulse();
}

Task<std::size_t> Pipe::read(std::span<std::byte> out) {
  while (pieces_.empty() && !closed_) GUST_CO_CHECK(co_await changed_.wait());
  if (pieces_.empty()) {
    if (error_) co_return std::unexpected(*error_);
    co_return 0;
  }
  std::size_t taken = 0;
  while (taken < out.size() && !pieces_.empty()) {
    const auto& piece = pieces_.front();
    const auto n = std::min(out.size() - taken, piece.size() - offset_);
    std::memcpy(out.data() + taken, piece.data() + offset_, n);
    taken += n;
    offset_ += n;
    if (offset_ < piece.size()) break;
    pieces_.pop_front();
    offset_ = 0;
  }
  unread_ -= taken;
  changed_.pulse();
  co_return taken;
}

}  // namespace gust::async
