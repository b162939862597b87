// LogStore: where what functions print goes, line by line, and from where it is read. The daemon gives one over log
// groups; MemoryLogStore forgets, for tests. Loop thread only.
#pragma once

#include "async/task.h"
#include "functions/function.h"

#include <string>
#include <vector>

namespace gust::functions {

struct LogLine {
  WallTime at{};
  std::string request_id;  // empty between invocations
  std::string text;        // without the line's end
};

// Whose lines they are, and where they go.
struct LogSource {
  FunctionKey key;
  std::string group;   // empty: /aws/lambda/NAME
  std::string stream;  // empty: one for what is of no instance
};

class LogStore {
 public:
  virtual ~LogStore() = default;
  // Keeps a line; written soon, in order.
  virtual void append(const LogSource& source, std::string request_id, std::string text) = 0;
  // Up to `limit` of the newest lines of a function at or after `since`, oldest first.
  virtual async::Task<std::vector<LogLine>> read(FunctionKey key, WallTime since, std::size_t limit) = 0;
  // Returns when all that was appended is kept.
  virtual async::Task<void> flush() = 0;
};

std::string default_log_group(const FunctionName& name);
// As the service names the streams of a function: YYYY/MM/DD/[VERSION]INSTANCE in its own group, and in another, which
// others may share, YYYY/MM/DD/NAME[VERSION]INSTANCE.
std::string log_stream_name(WallTime at, const Function& version, const std::string& instance);
// Whether a stream of a group that is not the function's own is of this function.
bool is_stream_of(std::string_view stream, const FunctionName& name);

}  // namespace gust::functions
