#include "functions/crowding.h"

#include "functions/instance.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

namespace gust::functions {
namespace {

constexpr Millis kPeriod{100}, kLongestWait{250};
constexpr auto kPause = std::chrono::seconds(1);  // after it was of no use
constexpr double kFull = 0.1;    // less idle than this is a machine without idle cores
constexpr double kUnused = 0.4;  // more idle than this, and the invocations wait for something else
constexpr double kShare = 0.2, kLeastShare = 0.1;  // less than this is a function that others crowd
constexpr std::size_t kSettled = 3, kKept = 20;  // periods with the same limit
constexpr double kWaits = 6, kWaitsUs = 800;  // times its cpu time, and what the way through this process may take
constexpr std::size_t kPerCore = 2;

MachineTime machine_time() {
  std::ifstream in("/proc/stat");
  std::string line;
  std::getline(in, line);
  return parse_machine_time(line);
}

std::uint64_t cpu_us_of(const Pool& pool) {
  std::uint64_t sum = 0;
  for (const auto& instance : pool.all) sum += instance->known_cpu_us();
  return sum;
}

}  // namespace

MachineTime parse_machine_time(std::string_view stat) {
  std::istringstream in{std::string(stat.substr(0, stat.find('\n')))};
  std::string name;
  MachineTime out;
  if (!(in >> name) || name != "cpu") return out;
  std::uint64_t ticks = 0;
  // user nice system idle iowait irq softirq steal; guest time is in user time already.
  for (int column = 0; column < 8 && in >> ticks; ++column) {
    out.all += ticks;
    if (column == 3 || column == 4) out.idle += ticks;
  }
  return out;
}

std::size_t next_limit(std::size_t limit, std::size_t least, const CrowdedPeriod& period) {
  const bool full = period.idle < kFull;
  if (limit == kNoLimit) return full && period.share >= kShare ? least : kNoLimit;
  const bool others = period.share < kLeastShare && period.kept >= kSettled;
  if (period.taken < limit || period.waited > kLongestWait || others) return kNoLimit;
  if (period.kept >= kKept) return least;  // the next period shows whether it still needs more
  const bool waits = period.idle > kUnused || period.duration_us > kWaits * period.cpu_us + kWaitsUs;
  return full || (limit == least && !waits) ? limit : limit * 2;
}

Crowding::Crowding(async::Executor executor, std::function<void(const std::shared_ptr<Pool>&)> serve)
    : serve_(std::move(serve)),
      least_(kPerCore * std::max(1u, std::thread::hardware_concurrency())),
      tasks_(executor, "crowds") {}

void Crowding::taken(const std::shared_ptr<Pool>& pool) {
  if (pool->taken <= least_ || pool->watched || pool->function.concurrency() > 1) return;
  if (std::chrono::steady_clock::now() < pool->crowd.not_before) return;
  pool->watched = true;
  pool->crowd = {.cpu_us = cpu_us_of(*pool)};
  watched_.push_back(pool);
  if (watched_.size() == 1) tasks_.spawn(watch());
}

void Crowding::ended(Pool& pool, SteadyTime began) {
  if (!pool.watched) return;
  ++pool.crowd.ended;
  pool.crowd.lasted_us += std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - began).count();
}

async::Task<void> Crowding::watch() {
  auto before = machine_time();
  while (!watched_.empty()) {
    const auto since = std::chrono::steady_clock::now();
    GUST_CO_CHECK(co_await async::sleep_for(kPeriod));
    const auto times = machine_time();
    const auto all = std::max<std::uint64_t>(times.all - before.all, 1);
    const double idle = static_cast<double>(times.idle - before.idle) / static_cast<double>(all);
    before = times;
    const auto cores = static_cast<double>(least_ / kPerCore);
    const double cores_us =
        cores * std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - since).count();
    for (const auto& pool : std::vector(watched_)) look_at(pool, idle, cores_us);
  }
  co_return Result<void>{};
}

void Crowding::look_at(const std::shared_ptr<Pool>& pool, double idle, double cores_us) {
  const auto now = std::chrono::steady_clock::now();
  const auto cpu_us = cpu_us_of(*pool);
  const auto used = static_cast<double>(cpu_us - std::min(cpu_us, pool->crowd.cpu_us));
  const auto ended = static_cast<double>(std::max<std::uint64_t>(pool->crowd.ended, 1));
  CrowdedPeriod period{used / cores_us, idle, used / ended, pool->crowd.lasted_us / ended, pool->taken, Millis(0),
                       pool->crowd.kept};
  if (!pool->waiters.empty())
    period.waited = std::chrono::duration_cast<Millis>(now - pool->waiters.front()->since);
  const auto before = std::exchange(pool->most_taken, next_limit(pool->most_taken, least_, period));
  pool->crowd = {.cpu_us = cpu_us, .kept = pool->most_taken == before ? pool->crowd.kept + 1 : 0};
  const bool over = pool->most_taken == kNoLimit && (before != kNoLimit || pool->taken <= least_);
  if (over) {
    if (before != kNoLimit) pool->crowd.not_before = now + kPause;
    pool->watched = false;
    std::erase(watched_, pool);
  }
  if (pool->most_taken > before) serve_(pool);
}

}  // namespace gust::functions
