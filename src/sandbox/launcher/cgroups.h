// Cgroups: memory, pids and cpu limits of sandboxes, on cgroup v2 or v1, whichever the machine has. Part of
// gust-launcher; single-threaded, blocking. Every launcher owns one folder (its instance) under `gust` in the
// hierarchy and holds a lock on it, so that the next launcher can tell a dead one's leftovers from a live one's.
#pragma once

#include "base/result.h"
#include "sandbox/fd.h"
#include "sandbox/protocol.h"

#include <filesystem>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

namespace gust::sandbox::launcher {

struct GroupLimits {
  std::uint64_t memory_bytes = 0;
  std::uint32_t cpu_millis = 0, cpu_share = 0;
  std::uint32_t max_pids = 0;
};

struct GroupUsage {
  std::uint64_t memory_peak_bytes = 0;
  std::uint64_t cpu_us = 0;
  std::uint64_t oom_kills = 0;
};

struct OpenUsageFile {
  UsageFile kind;
  Fd fd;
};

class Cgroups {
 public:
  virtual ~Cgroups() = default;
  // Makes the group `name` with its limits set and no process in it. A failure leaves nothing behind.
  virtual Result<void> create(const std::string& name, const GroupLimits& limits) = 0;
  // Other limits than `was`, those that it was made with. On the way of every cold start: writes only what differs.
  virtual Result<void> change(const std::string& name, const GroupLimits& was, const GroupLimits& limits) = 0;
  // The folder to pass to clone3 as CLONE_INTO_CGROUP; none where attach() must be called instead.
  virtual Fd open_for_clone(const std::string& name) = 0;
  virtual Result<void> attach(const std::string& name, pid_t pid) = 0;
  virtual GroupUsage usage(const std::string& name) = 0;
  // Files that tell the usage to whoever holds them; those that this machine has.
  virtual std::vector<OpenUsageFile> open_usage(const std::string& name) = 0;
  // Lets its processes go on if they are frozen: on v1 a frozen process does not even die.
  virtual void thaw(const std::string& name) = 0;
  // Once all its processes are being killed: at a memory limit, or out of its quota, each would take seconds to die.
  virtual void lift_limits(const std::string& name) = 0;
  // False while the kernel still holds processes in it: call again later.
  virtual bool remove(const std::string& name) = 0;
};

// Where the hierarchies are mounted; read from the kernel by find_hierarchies(), given by tests.
struct Hierarchies {
  std::filesystem::path v2;      // empty: none
  std::filesystem::path v2_own;  // the folder of this process in it
  std::filesystem::path v1_memory, v1_pids, v1_cpu, v1_cpuacct, v1_freezer;
};
Hierarchies find_hierarchies();

// Prepares the better of v2 and v1, fills the limits and notes of `found`, collects what dead launchers left.
// With neither, the answer limits nothing and `found` says so.
std::unique_ptr<Cgroups> open_cgroups(const Hierarchies& hierarchies, Capabilities& found);

std::unique_ptr<Cgroups> open_cgroup_v2(const Hierarchies& hierarchies, Capabilities& found);  // null: not usable
std::unique_ptr<Cgroups> open_cgroup_v1(const Hierarchies& hierarchies, Capabilities& found);  // null: not usable

// Quota in microseconds for a period of kCpuPeriodUs; the kernel takes no less than 1 ms.
inline constexpr std::uint64_t kCpuPeriodUs = 20'000;
std::uint64_t cpu_quota_us(std::uint32_t cpu_millis);

// Of all sandboxes together against the rest of the machine, in thousandths of what a process has: the daemon and its
// clients come first when the cores are full (docs/decisions/0242).
inline constexpr std::uint32_t kAllShare = 250;

// A share in thousandths of a core as the kernels count weights: cpu.shares, and cpu.weight (1,024 and 100 are a core).
std::uint64_t v1_cpu_shares(std::uint32_t cpu_share);
std::uint64_t v2_cpu_weight(std::uint32_t cpu_share);

// The instance folder `root`/gust/<unique>, made and locked; the dead ones beside it are emptied and removed.
struct InstanceFolder {
  std::filesystem::path path;
  Fd lock;

  void remove() const;  // with `gust` above it, when it was the last
};
Result<InstanceFolder> claim_instance(const std::filesystem::path& root, const std::string& name);

// Adds `file` to `files` if it can be read, or written where it freezes; false when not.
bool open_usage_file(std::vector<OpenUsageFile>& files, UsageFile kind, const std::filesystem::path& file);
Result<void> write_control(const std::filesystem::path& file, std::string_view text);
std::string read_control(const std::filesystem::path& file);  // empty when unreadable
// Of a folder of v2, or of any of v1's hierarchies.
void lift_limits_of(const std::filesystem::path& group);
// The number after `key ` on a line of its own; 0 when absent.
std::uint64_t read_keyed(const std::filesystem::path& file, std::string_view key);

}  // namespace gust::sandbox::launcher
