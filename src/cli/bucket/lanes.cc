#include "cli/bucket/lanes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <unistd.h>

namespace gust::cli {
namespace {

using std::chrono::milliseconds;

std::atomic<int> signal_seen = 0;
static_assert(std::atomic<int>::is_always_lock_free);
std::array<struct sigaction, 2> before;
constexpr std::array kSignals = {SIGINT, SIGTERM};

void note(int number) { signal_seen = number; }

struct Doomed {
  std::mutex mutex;
  std::set<std::string> paths;
};
Doomed& doomed() {
  static Doomed all;
  return all;
}

}  // namespace

Interrupt::Interrupt() {
  struct sigaction action {};
  action.sa_handler = note;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &action, &before[i]);
}

Interrupt::~Interrupt() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before[i], nullptr);
}

bool Interrupt::wanted() { return signal_seen != 0; }

void Interrupt::obey() {
  {
    auto& all = doomed();
    const std::lock_guard lock(all.mutex);
    for (const auto& path : all.paths) ::unlink(path.c_str());
  }
  const int number = signal_seen == 0 ? SIGINT : signal_seen.load();
  ::signal(number, SIG_DFL);
  ::raise(number);
  ::_exit(1);
}

void Interrupt::remove_at_end(const std::string& path) {
  const std::lock_guard lock(doomed().mutex);
  doomed().paths.insert(path);
}

void Interrupt::keep_at_end(const std::string& path) {
  const std::lock_guard lock(doomed().mutex);
  doomed().paths.erase(path);
}

Result<void> Lanes::run(std::size_t count, const Job& job) {
  std::mutex mutex;
  std::condition_variable changed;
  std::size_t next = 0, running = 0;
  std::optional<Error> failed;
  const auto work = [&](Remote& remote) {
    std::unique_lock lock(mutex);
    while (next < count && !failed && !Interrupt::wanted()) {
      const auto index = next++;
      lock.unlock();
      auto done = job(remote, index);
      lock.lock();
      if (!done && !failed) failed = std::move(done).error();
    }
    --running;
    changed.notify_all();
  };
  std::vector<std::jthread> threads;
  {
    std::unique_lock lock(mutex);
    running = std::min(count, remotes_.size());
    for (std::size_t i = 0; i < running; ++i) threads.emplace_back([&, i] { work(*remotes_[i]); });
    auto patience = milliseconds(2000);
    constexpr milliseconds kLook{50};
    while (running > 0) {
      changed.wait_for(lock, kLook);
      if (!Interrupt::wanted()) continue;
      patience -= kLook;
      if (patience > milliseconds(0)) continue;
      if (::isatty(STDERR_FILENO) == 1) ::dprintf(STDERR_FILENO, "\n");  // below the line that tells the progress
      Interrupt::obey();
    }
  }
  threads.clear();
  if (Interrupt::wanted()) return interrupted();
  if (failed) return std::unexpected(std::move(*failed));
  return {};
}

std::unexpected<Error> interrupted() { return fail(Code::kCancelled, "interrupted", "interrupt"); }

bool is_interrupt(const Error& error) { return error.source == "interrupt"; }

bool is_passing(const Error& error) {
  return error.source == "daemon" || error.source == "RequestTimeout" || error.source == "OperationAborted" ||
         error.code == Code::kThrottled || error.code == Code::kTimeout ||
         (error.code == Code::kInternal && !error.source.empty());
}

std::atomic<bool>& answered() {
  static std::atomic<bool> ever = false;
  return ever;
}

bool wait_to_repeat(int attempt) {
  constexpr int kMost = 5;
  constexpr milliseconds kLook{50};
  if (attempt > kMost) return false;
  for (auto left = milliseconds(200) * (1 << (attempt - 1)); left > milliseconds(0); left -= kLook) {
    if (Interrupt::wanted()) return false;
    std::this_thread::sleep_for(kLook);
  }
  return true;
}

}  // namespace gust::cli
