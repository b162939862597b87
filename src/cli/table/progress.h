// ItemProgress: how many items are done, as a line on the terminal where a person looks. One thread.
#pragma once

#include "base/time.h"
#include "cli/terminal.h"

#include <fmt/format.h>

#include <chrono>
#include <string>

namespace gust::cli {

class ItemProgress {
 public:
  ItemProgress(Terminal& terminal, std::string done) : terminal_(terminal), done_(std::move(done)) {}
  ~ItemProgress() { wipe(); }
  ItemProgress(const ItemProgress&) = delete;

  void add(std::uint64_t items) {
    count_ += items;
    const auto now = std::chrono::steady_clock::now();
    if (!terminal_.shows_status() || now - shown_at_ < kPause) return;
    shown_at_ = now;
    shown_ = true;
    const auto percent = part_ < 0 ? std::string() : fmt::format(" ({}%)", static_cast<int>(part_ * 100));
    terminal_.status(fmt::format("{} items {}{}", count_, done_, percent));
  }
  void part(double part) { part_ = part; }  // of the whole, where that is known
  std::uint64_t count() const { return count_; }
  void wipe() {
    if (shown_) terminal_.status("");
    shown_ = false;
  }

 private:
  static constexpr std::chrono::milliseconds kPause{100};

  Terminal& terminal_;
  std::string done_;
  std::uint64_t count_ = 0;
  double part_ = -1;
  bool shown_ = false;
  SteadyTime shown_at_ = std::chrono::steady_clock::now();
};

}  // namespace gust::cli
