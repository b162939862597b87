// Progress: how far a transfer is, as a line on the terminal where a person looks, and the result's lines above it. Any
// thread.
#pragma once

#include "base/time.h"
#include "cli/terminal.h"

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>

namespace gust::cli {

// "1.5 MiB"; bytes below 1024 as they are: "12 bytes".
std::string bytes_text(std::uint64_t bytes);
// "0:05", "1:02:03".
std::string duration_text(std::uint64_t seconds);
// "12.0 MiB of 100.0 MiB (12%), 4.0 MiB/s, 0:22 left"; without a total (0) only what is done.
std::string progress_text(std::uint64_t done, std::uint64_t total, double bytes_per_second);

class Progress {
 public:
  explicit Progress(Terminal& terminal) : terminal_(terminal) {}
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;

  // So much is to be moved; 0 when it is not known. Little of it shows no line.
  void expect(std::uint64_t bytes);
  void expect_unknown();
  void add(std::uint64_t bytes);
  void take_back(std::uint64_t bytes);  // what has to be sent again
  // A line of the result, and an error.
  void line(std::string_view text);
  void error(std::string_view text);
  // Wipes the line.
  void finish();

 private:
  void show(SteadyTime now);

  struct Sample {
    SteadyTime at;
    std::uint64_t done = 0;
  };

  std::mutex mutex_;
  Terminal& terminal_;
  bool wanted_ = false;
  bool shown_ = false;
  std::uint64_t total_ = 0, done_ = 0;
  SteadyTime last_shown_{};
  std::deque<Sample> samples_;  // of the last seconds
};

}  // namespace gust::cli
