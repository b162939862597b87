#include "async/pipe.h"
#include "async/task_group.h"
#include "async/testing.h"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace gust::async {
namespace {

using testing::run;

class PipeTest : public ::testing::Test {
 protected:
  Task<void> write(std::string piece) {
    GUST_CO_CHECK(co_await pipe_->write(std::move(piece)));
    ++written_;
    co_return Result<void>{};
  }

  asio::io_context loop_;
  std::shared_ptr<Pipe> pipe_ = std::make_shared<Pipe>(loop_.get_executor(), 4);
  int written_ = 0;
};

TEST_F(PipeTest, TheReaderGetsEveryByteAndThenTheEnd) {
  auto reader = Pipe::reader(pipe_);
  TaskGroup group(loop_.get_executor(), "writer");
  const auto writer = [&]() -> Task<void> {
    for (const auto* piece : {"abcd", "", "efghi", "j"}) GUST_CO_CHECK(co_await write(piece));
    pipe_->close();
    co_return Result<void>{};
  };
  const auto read = run(loop_, [&]() -> Task<std::string> {
    group.spawn(writer());
    co_return co_await read_all(*reader, 100);
  });
  EXPECT_EQ(read, "abcdefghij");
  EXPECT_EQ(written_, 4);
}

TEST_F(PipeTest, AWriterWaitsWhileItIsFull) {
  auto reader = Pipe::reader(pipe_);
  TaskGroup group(loop_.get_executor(), "writer");
  std::string room(3, '\0');
  const auto done = run(loop_, [&]() -> Task<void> {
    GUST_CO_CHECK(co_await write("abcd"));
    group.spawn(write("ef"));
    co_await asio::post(loop_, asio::use_awaitable);  // the writer has run as far as it can
    EXPECT_EQ(written_, 1);
    const auto bytes = std::as_writable_bytes(std::span(room));
    GUST_CO_CHECK(co_await reader->read(bytes));
    co_return co_await group.drain(SteadyTime::max());
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(room, "abc");
  EXPECT_EQ(written_, 2);
}

TEST_F(PipeTest, AnErrorFollowsWhatWasWritten) {
  auto reader = Pipe::reader(pipe_);
  std::string room(8, '\0');
  const auto bytes = std::as_writable_bytes(std::span(room));
  EXPECT_TRUE(run(loop_, [&] { return write("ab"); }));
  pipe_->close(Error{Code::kUnavailable, "broken", "test"});
  EXPECT_EQ(run(loop_, [&] { return reader->read(bytes); }), 2U);
  EXPECT_EQ(run(loop_, [&] { return reader->read(bytes); }).error().code, Code::kUnavailable);
  EXPECT_EQ(run(loop_, [&] { return write("c"); }).error().code, Code::kCancelled);
}

TEST_F(PipeTest, NobodyReadsSoNothingIsKeptAndNobodyWaits) {
  auto reader = Pipe::reader(pipe_);
  EXPECT_TRUE(run(loop_, [&] { return write("abcd"); }));
  reader.reset();
  EXPECT_TRUE(run(loop_, [&] { return write("efgh"); }));
  EXPECT_TRUE(run(loop_, [&] { return write("ijkl"); }));
}

}  // namespace
}  // namespace gust::async
