// cgroup v1: a hierarchy for each controller (kernel Documentation/admin-guide/cgroup-v1). A process is attached to
// each one; the first attach after a pause waits for an RCU grace period, some milliseconds.
#include "sandbox/launcher/cgroups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace fs = std::filesystem;

namespace {

// One mounted hierarchy; several controllers may share it.
struct Hierarchy {
  fs::path mount;
  InstanceFolder instance;
};

std::uint64_t number_in(const fs::path& file) {
  std::uint64_t number = 0;
  std::istringstream(read_control(file)) >> number;
  return number;
}

class CgroupV1 final : public Cgroups {
 public:
  ~CgroupV1() override {
    for (const auto& hierarchy : hierarchies_) hierarchy.instance.remove();
  }

  // The instance folder of the controller mounted at `mount`; none when it cannot be used.
  fs::path use(const fs::path& mount) {
    if (mount.empty()) return {};
    const auto same = std::ranges::find(hierarchies_, mount, &Hierarchy::mount);
    if (same != hierarchies_.end()) return same->instance.path;
    auto instance = claim_instance(mount, fmt::format("launcher-{}", ::getpid()));
    if (!instance) return {};
    hierarchies_.push_back({mount, std::move(*instance)});
    return hierarchies_.back().instance.path;
  }

  void use_all(const Hierarchies& from, Capabilities& found) {
    memory_ = use(from.v1_memory);
    pids_ = use(from.v1_pids);
    cpu_ = use(from.v1_cpu);
    if (!cpu_.empty())
      (void)write_control(from.v1_cpu / "gust" / "cpu.shares", std::to_string(v1_cpu_shares(kAllShare)));
    cpuacct_ = use(from.v1_cpuacct);
    freezer_ = use(from.v1_freezer);
    found.cgroup = "v1";
    found.memory = memory_.empty() ? Limit::kMissing : Limit::kEnforced;
    found.pids = pids_.empty() ? Limit::kMissing : Limit::kEnforced;
    found.cpu = cpu_.empty() ? Limit::kMissing : Limit::kEnforced;
  }

  bool limits_nothing() const { return memory_.empty() && pids_.empty() && cpu_.empty(); }

  Result<void> create(const std::string& name, const GroupLimits& limits) override {
    auto made = make_groups(name);
    if (made && !cpu_.empty()) made = write_control(cpu_ / name / "cpu.cfs_period_us", std::to_string(kCpuPeriodUs));
    if (made) made = set_limits(name, {}, limits);
    if (!made) remove(name);
    return made;
  }

  Result<void> change(const std::string& name, const GroupLimits& was, const GroupLimits& limits) override {
    // The limit with swap may never be the smaller: this makes room for a larger one; set_limits() lowers both.
    if (!memory_.empty() && limits.memory_bytes > was.memory_bytes)
      (void)write_control(memory_ / name / "memory.memsw.limit_in_bytes", std::to_string(limits.memory_bytes));
    return set_limits(name, was, limits);
  }

  Fd open_for_clone(const std::string&) override { return Fd(); }

  Result<void> attach(const std::string& name, pid_t pid) override {
    for (const auto& hierarchy : hierarchies_) {
      GUST_CHECK(write_control(hierarchy.instance.path / name / "cgroup.procs", std::to_string(pid)));
    }
    return {};
  }

  GroupUsage usage(const std::string& name) override {
    GroupUsage usage;
    if (!memory_.empty()) {
      usage.memory_peak_bytes = number_in(memory_ / name / "memory.max_usage_in_bytes");
      usage.oom_kills = read_keyed(memory_ / name / "memory.oom_control", "oom_kill");  // since Linux 4.13
    }
    if (!cpuacct_.empty()) usage.cpu_us = number_in(cpuacct_ / name / "cpuacct.usage") / 1000;
    return usage;
  }

  std::vector<OpenUsageFile> open_usage(const std::string& name) override {
    std::vector<OpenUsageFile> files;
    if (!memory_.empty()) open_usage_file(files, UsageFile::kBytes, memory_ / name / "memory.max_usage_in_bytes");
    if (!cpuacct_.empty()) open_usage_file(files, UsageFile::kNanoseconds, cpuacct_ / name / "cpuacct.usage");
    if (!freezer_.empty()) open_usage_file(files, UsageFile::kFreezerState, freezer_ / name / "freezer.state");
    return files;
  }

  void thaw(const std::string& name) override {
    if (!freezer_.empty()) (void)write_control(freezer_ / name / "freezer.state", "THAWED");
  }

  void lift_limits(const std::string& name) override {
    for (const auto& hierarchy : hierarchies_) lift_limits_of(hierarchy.instance.path / name);
  }

  bool remove(const std::string& name) override {
    bool all = true;
    for (const auto& hierarchy : hierarchies_) {
      if (::rmdir((hierarchy.instance.path / name).c_str()) < 0 && errno != ENOENT) all = false;
    }
    return all;
  }

 private:
  Result<void> make_groups(const std::string& name) const {
    for (const auto& hierarchy : hierarchies_) {
      const auto group = hierarchy.instance.path / name;
      if (::mkdir(group.c_str(), 0755) < 0) return fail_errno("mkdir " + group.string(), errno);
    }
    return {};
  }

  Result<void> set_limits(const std::string& name, const GroupLimits& was, const GroupLimits& limits) const {
    if (!memory_.empty() && limits.memory_bytes != was.memory_bytes) {
      const auto bytes = std::to_string(limits.memory_bytes);
      GUST_CHECK(write_control(memory_ / name / "memory.limit_in_bytes", bytes));
      const auto with_swap = memory_ / name / "memory.memsw.limit_in_bytes";
      if (fs::exists(with_swap)) GUST_CHECK(write_control(with_swap, bytes));
    }
    if (!pids_.empty() && limits.max_pids != was.max_pids)
      GUST_CHECK(write_control(pids_ / name / "pids.max", std::to_string(limits.max_pids)));
    if (!cpu_.empty() && limits.cpu_millis != was.cpu_millis) {
      const auto quota = std::to_string(cpu_quota_us(limits.cpu_millis));
      GUST_CHECK(write_control(cpu_ / name / "cpu.cfs_quota_us", quota));
    }
    if (!cpu_.empty() && limits.cpu_share != was.cpu_share)
      GUST_CHECK(write_control(cpu_ / name / "cpu.shares", std::to_string(v1_cpu_shares(limits.cpu_share))));
    return {};
  }

  std::vector<Hierarchy> hierarchies_;
  fs::path memory_, pids_, cpu_, cpuacct_, freezer_;  // instance folders; empty: not usable
};

}  // namespace

std::unique_ptr<Cgroups> open_cgroup_v1(const Hierarchies& hierarchies, Capabilities& found) {
  auto cgroups = std::make_unique<CgroupV1>();
  Capabilities tried = found;
  cgroups->use_all(hierarchies, tried);
  if (cgroups->limits_nothing()) return nullptr;
  found = tried;
  return cgroups;
}

}  // namespace gust::sandbox::launcher
