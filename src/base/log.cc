#include "base/log.h"

#include <fmt/chrono.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <mutex>

namespace gust::log {
namespace {

std::atomic<Level> g_level = Level::kInfo;
std::mutex g_mutex;
Sink g_sink;

constexpr std::string_view kNames[] = {"debug", "info", "warn", "error"};

}  // namespace

void set_level(Level level) { g_level = level; }
Level level() { return g_level.load(std::memory_order_relaxed); }

void set_sink(Sink sink) {
  std::lock_guard lock(g_mutex);
  g_sink = std::move(sink);
}

void write(Level level, std::string_view line) {
  std::lock_guard lock(g_mutex);
  if (g_sink) return g_sink(level, line);
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto ms = now.time_since_epoch().count() % 1000;
  const auto text = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03d}Z {} {}\n",
                                fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms,
                                kNames[static_cast<int>(level)], line);
  std::fwrite(text.data(), 1, text.size(), stderr);
}

}  // namespace gust::log
