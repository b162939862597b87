// LogStore: what functions print, line by line, in files of the data folder: <folder>/<account>/<function>/<n>.ndjson.
// Bounded for each function; the oldest go first. Loop thread only.
#pragma once

#include "async/blocking_pool.h"
#include "async/event.h"
#include "async/task.h"
#include "env/clock.h"
#include "functions/function.h"

#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gust::functions {

struct LogLine {
  WallTime at{};
  std::string request_id;  // empty between invocations
  std::string text;        // without the line's end
};

class LogStore {
 public:
  LogStore(async::Executor executor, env::Clock& clock, std::string folder);
  ~LogStore();

  // Keeps a line; written to the file soon, in order.
  void append(const FunctionKey& key, std::string request_id, std::string text);
  // Up to `limit` of the newest lines at or after `since`, oldest first.
  async::Task<std::vector<LogLine>> read(FunctionKey key, WallTime since, std::size_t limit);
  // Returns when a line of the function came after this call began; kTimeout past `deadline`.
  async::Task<void> wait(FunctionKey key, SteadyTime deadline);
  // Returns when all that was appended is in the files.
  async::Task<void> flush();

 private:
  struct Stream;
  Stream& stream(const FunctionKey& key);
  void write_soon();
  void write_out();

  async::Executor executor_;
  env::Clock& clock_;
  std::string folder_;
  std::map<FunctionKey, std::unique_ptr<Stream>> streams_;
  std::vector<Stream*> dirty_;  // with lines that no writer has yet
  boost::asio::steady_timer pause_;
  SteadyTime written_at_{};
  bool scheduled_ = false;
  // Bytes that wait for the disk; the writer's thread takes from it.
  std::shared_ptr<std::atomic<std::size_t>> waiting_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::shared_ptr<async::BlockingPool> writer_;  // one thread: lines stay in order
};

}  // namespace gust::functions
