// MemoryLogStore: a LogStore that forgets; for tests. Loop thread only.
#pragma once

#include "env/clock.h"
#include "functions/log_store.h"

#include <algorithm>
#include <map>

namespace gust::functions {

class MemoryLogStore final : public LogStore {
 public:
  explicit MemoryLogStore(env::Clock& clock) : clock_(clock) {}

  void append(const LogSource& source, std::string request_id, std::string text) override {
    lines_[source.key].push_back({clock_.now(), std::move(request_id), std::move(text)});
    streams_[source.key] = source.stream;
  }
  async::Task<std::vector<LogLine>> read(FunctionKey key, WallTime since, std::size_t limit) override {
    auto out = lines_[key];
    std::erase_if(out, [&](const LogLine& line) { return line.at < since; });
    if (out.size() > limit) out.erase(out.begin(), out.end() - static_cast<std::ptrdiff_t>(limit));
    co_return out;
  }
  async::Task<void> flush() override { co_return Result<void>{}; }
  std::string last_stream(const FunctionKey& key) { return streams_[key]; }

 private:
  env::Clock& clock_;
  std::map<FunctionKey, std::vector<LogLine>> lines_;
  std::map<FunctionKey, std::string> streams_;
};

}  // namespace gust::functions
