// Lanes: several threads, each with a connection of its own, that share the work of a transfer; and Interrupt, which
// ends it when the user does.
#pragma once

#include "cli/remote.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace gust::cli {

// While it lives, the first SIGINT or SIGTERM is only noted, so that a transfer can put its things in order; the second
// ends the process at once. One at a time. Any thread may ask.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;

  static bool wanted();
  // Ends the process as the signal would have, after removing what was named.
  [[noreturn]] static void obey();
  // A file that is to go when the process is ended by obey().
  static void remove_at_end(const std::string& path);
  static void keep_at_end(const std::string& path);
};

class Lanes {
 public:
  explicit Lanes(std::vector<std::unique_ptr<Remote>> remotes) : remotes_(std::move(remotes)) {}

  using Job = std::function<Result<void>(Remote&, std::size_t)>;
  // Runs `job` for 0 .. count-1, several at once and begun in order; the first error, after which no more are begun.
  // When the user interrupts, waits for them for two seconds, then ends the process.
  Result<void> run(std::size_t count, const Job& job);
  Remote& first() { return *remotes_.front(); }

 private:
  std::vector<std::unique_ptr<Remote>> remotes_;
};

std::unexpected<Error> interrupted();
bool is_interrupt(const Error& error);

// Whether what failed so may succeed when it is done again a moment later: a lost connection, a server's own error.
bool is_passing(const Error& error);
// Waits before the `attempt`th repetition (from 1); false when there was enough of it, or the user interrupts.
bool wait_to_repeat(int attempt);

// Whether anything was ever answered.
std::atomic<bool>& answered();

// Runs `attempt`, and again while it fails in passing. Without any answer ever before, no daemon is there.
template <typename F>
auto persistently(F attempt) -> decltype(attempt()) {
  for (int n = 1;; ++n) {
    auto result = attempt();
    if (result || result.error().source != "daemon") answered() = true;
    if (result || !answered() || !is_passing(result.error()) || !wait_to_repeat(n)) return result;
  }
}

}  // namespace gust::cli
