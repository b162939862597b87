// Pool: the instances of one version of a function, and the invocations that wait for one. Not when instances are
// started and what they cost: that is the invoker's. Loop thread only.
#pragma once

#include "async/event.h"
#include "functions/instance.h"

#include <cstdint>
#include <algorithm>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

// An invocation that waits for an instance.
struct Waiter {
  explicit Waiter(async::Executor executor) : done(executor) {}
  async::Event done;
  SteadyTime since = std::chrono::steady_clock::now();
  std::shared_ptr<Instance> instance;
  std::shared_ptr<Instance> failed;  // an instance whose init failed
  std::optional<Error> error;
};

// Whether a waiter hopes for a place that is soon free.
enum class Patience { kSome, kNone };

inline std::uint64_t memory_of(const Function& function) { return std::uint64_t{function.memory_mb} << 20; }

inline constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

// What Crowding has seen of a pool since its last period.
struct CrowdSeen {
  std::uint64_t cpu_us = 0;  // of its instances, since they started
  std::uint64_t ended = 0;   // invocations
  double lasted_us = 0;      // together
  std::size_t kept = 0;      // periods with the same limit
  SteadyTime not_before{};   // it may be limited again
};

struct Pool {
  Function function;
  bool stale = true;                              // the registry may have a newer one, or have it no more
  std::vector<std::shared_ptr<Instance>> idle;    // the last used at the back
  std::vector<std::shared_ptr<Instance>> shared;  // they have invocations, and maybe places for more
  std::vector<std::shared_ptr<Instance>> all;
  std::deque<std::shared_ptr<Waiter>> waiters;
  std::size_t starting = 0;
  std::size_t running = 0;      // invocations
  std::size_t calls = 0;        // invocations that hold this pool
  bool hoping = false;          // hurry() is on its way
  bool plain_next = false;      // the next instance is launched from nothing
  std::size_t provisioned = 0;  // so many stand ready, whatever is called
  std::string provision_failure;
  std::size_t provision_failures = 0;  // in a row
  SteadyTime provision_again{};
  std::size_t taken = 0;              // places given out whose invocations have not ended
  std::size_t most_taken = kNoLimit;  // at once: see Crowding, whose are these three
  bool watched = false;
  CrowdSeen crowd;
  std::size_t crashes = 0;    // of instances that ran an invocation, in a row
  std::string crashed;        // the last of them
  SteadyTime start_again{};   // after crashes
  bool starts_later = false;  // start_later() is on its way

  // A published version never changes, so that its instances outlive changes of its function.
  bool is_current(const Instance& instance) const;
  // A place of the fullest instance that has one, so that others become idle; or of the idle one that was used last. It
  // is promised. Null: there is none.
  std::shared_ptr<Instance> take_place();
  bool is_crowded() const { return taken >= most_taken; }
  // Places that will soon be free; without patience, of new instances only.
  std::size_t places_to_come(Patience patience) const;
  // An instance has a place, or one more.
  void has_place(std::shared_ptr<Instance> instance);
  void forget(const std::shared_ptr<Instance>& instance);
  // Instances that run something.
  std::size_t busy() const {
    return static_cast<std::size_t>(std::ranges::count(all, Instance::State::kBusy, &Instance::state_of));
  }
  // An idle instance that is not provisioned.
  bool has_spare() const { return !idle.empty() && all.size() > provisioned; }
  void end_idle();
};

}  // namespace gust::functions
