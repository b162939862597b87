#include "cli/bucket/progress.h"

#include "cli/bucket/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPause{200}, kWindow{5'000};

}  // namespace

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return fmt::format("{} byte{}", bytes, bytes == 1 ? "" : "s");
  auto value = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be printed as 1024.0.
  for (; value >= 1023.95 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string duration_text(std::uint64_t seconds) {
  if (seconds < 3600) return fmt::format("{}:{:02}", seconds / 60, seconds % 60);
  return fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string progress_text(std::uint64_t done, std::uint64_t total, double bytes_per_second) {
  const bool moves = bytes_per_second >= 1;
  auto out = bytes_text(done);
  if (total > 0) {
    const auto percent = static_cast<double>(done) / static_cast<double>(total) * 100;
    out += fmt::format(" of {} ({}%)", bytes_text(total), static_cast<int>(std::min(percent, 100.0)));
  }
  if (moves) out += fmt::format(", {}/s", bytes_text(static_cast<std::uint64_t>(bytes_per_second)));
  if (moves && total > done) {
    const auto left = static_cast<double>(total - done) / bytes_per_second;
    out += fmt::format(", {} left", duration_text(static_cast<std::uint64_t>(std::min(left, 1e9)) + 1));
  }
  return out;
}

void Progress::expect(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  total_ = bytes;
  done_ = 0;
  samples_.clear();
  wanted_ = terminal_.shows_status() && bytes > kUsualPart;
}

void Progress::expect_unknown() {
  expect(0);
  const std::lock_guard lock(mutex_);
  wanted_ = terminal_.shows_status();
}

void Progress::add(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  done_ += bytes;
  if (!wanted_) return;
  const auto now = std::chrono::steady_clock::now();
  if (samples_.empty() || now - last_shown_ >= kPause || done_ == total_) show(now);
}

void Progress::take_back(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  done_ -= std::min(bytes, done_);
  samples_.clear();
}

void Progress::show(SteadyTime now) {
  while (samples_.size() > 1 && now - samples_.front().at > kWindow) samples_.pop_front();
  double rate = 0;
  if (!samples_.empty() && done_ > samples_.front().done) {
    const std::chrono::duration<double> time = now - samples_.front().at;
    rate = static_cast<double>(done_ - samples_.front().done) / std::max(time.count(), 1e-3);
  }
  samples_.push_back({now, done_});
  last_shown_ = now;
  shown_ = true;
  terminal_.status(progress_text(done_, total_, rate));
}

void Progress::line(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (shown_) terminal_.status("");
  terminal_.line(text);
  if (shown_) show(std::chrono::steady_clock::now());
}

void Progress::error(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (shown_) terminal_.status("");
  terminal_.error(text);
}

void Progress::finish() {
  const std::lock_guard lock(mutex_);
  if (shown_) terminal_.status("");
  shown_ = wanted_ = false;
}

}  // namespace gust::cli
