// Crowding: how many invocations of a function run side by side. More processes than cores, each of which would use a
// whole one, get less done: they lose their turns and their caches to each other. So when the machine has no idle
// cores and one function's instances are what uses them, only some of its invocations run at once, and the others wait
// for their places. If those then wait for something else than a core, more run, until the cores are busy. Loop thread
// only.
#pragma once

#include "async/task_group.h"
#include "functions/pool.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace gust::functions {

// Of all cores together since the machine's start, in ticks of the kernel.
struct MachineTime {
  std::uint64_t all = 0, idle = 0;
};

// The first line of /proc/stat (proc_stat(5)); zeros for anything else.
MachineTime parse_machine_time(std::string_view stat);

// What a period of a pool was like.
struct CrowdedPeriod {
  double share = 0;         // of the machine's cores, that its instances had
  double idle = 0;          // of the machine's cores, that nobody had
  double cpu_us = 0;        // of an invocation, on average
  double duration_us = 0;   // the same, with all that it waited for
  std::size_t taken = 0;    // places at its end
  Millis waited{0};         // the longest of those that wait
  std::size_t kept = 0;     // so many periods before had the same limit
};

// The limit of places that follows a period with `limit`; kNoLimit for none. `least` is as many as keep the cores busy
// with invocations that wait for nothing else.
std::size_t next_limit(std::size_t limit, std::size_t least, const CrowdedPeriod& period);

class Crowding {
 public:
  // `serve` is called for a pool whose limit has grown.
  Crowding(async::Executor executor, std::function<void(const std::shared_ptr<Pool>&)> serve);

  // A place of the pool was taken.
  void taken(const std::shared_ptr<Pool>& pool);
  // An invocation of it has ended.
  static void ended(Pool& pool, SteadyTime began);
  async::Task<void> stop() { return tasks_.stop(); }

 private:
  async::Task<void> watch();
  void look_at(const std::shared_ptr<Pool>& pool, double idle, double cores_us);

  std::function<void(const std::shared_ptr<Pool>&)> serve_;
  std::size_t least_;
  std::vector<std::shared_ptr<Pool>> watched_;  // with more invocations than least_, or a limit
  async::TaskGroup tasks_;
};

}  // namespace gust::functions
