// cgroup v2 (kernel Documentation/admin-guide/cgroup-v2.rst). A group that hands controllers to its children may
// hold no process itself, save the root of the hierarchy; so the groups are made under the root, or, in a container
// or a delegated scope, under our own group after its processes moved into a leaf.
#include "sandbox/launcher/cgroups.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <sstream>
#include <sys/stat.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace fs = std::filesystem;

namespace {

constexpr std::array<std::string_view, 3> kControllers = {"memory", "pids", "cpu"};

bool has_word(const std::string& text, std::string_view word) {
  std::istringstream words(text);
  for (std::string one; words >> one;) {
    if (one == word) return true;
  }
  return false;
}

void enable_controllers(const fs::path& group) {
  for (const auto controller : kControllers) {
    if (has_word(read_control(group / "cgroup.subtree_control"), controller)) continue;
    // What cannot be enabled is found missing below, in the instance's own list.
    (void)write_control(group / "cgroup.subtree_control", fmt::format("+{}", controller));
  }
}

bool offers_limits(const fs::path& group) {
  const auto offered = read_control(group / "cgroup.subtree_control");
  return has_word(offered, "memory") || has_word(offered, "pids");
}

void move_processes_to_leaf(const fs::path& group) {
  const auto leaf = group / "gust-host";
  if (::mkdir(leaf.c_str(), 0755) < 0 && errno != EEXIST) return;
  std::istringstream pids(read_control(group / "cgroup.procs"));
  for (std::string pid; pids >> pid;) (void)write_control(leaf / "cgroup.procs", pid);
}

// The group under which ours go: empty when neither offers memory nor pids limits.
fs::path choose_root(const Hierarchies& hierarchies) {
  if (::access((hierarchies.v2 / "cgroup.subtree_control").c_str(), W_OK) == 0) {
    enable_controllers(hierarchies.v2);
    if (offers_limits(hierarchies.v2)) return hierarchies.v2;
  }
  const auto& own = hierarchies.v2_own;
  const auto offered = read_control(own / "cgroup.controllers");
  if (!has_word(offered, "memory") && !has_word(offered, "pids")) return {};
  if (::access((own / "cgroup.procs").c_str(), W_OK) != 0) return {};
  move_processes_to_leaf(own);
  enable_controllers(own);
  return offers_limits(own) ? own : fs::path();
}

class CgroupV2 final : public Cgroups {
 public:
  explicit CgroupV2(InstanceFolder instance) : instance_(std::move(instance)) {
    const auto offered = read_control(instance_.path / "cgroup.subtree_control");
    memory_ = has_word(offered, "memory");
    pids_ = has_word(offered, "pids");
    cpu_ = has_word(offered, "cpu");
  }
  ~CgroupV2() override { instance_.remove(); }

  void describe(Capabilities& found) const {
    found.cgroup = "v2";
    found.memory = memory_ ? Limit::kEnforced : Limit::kMissing;
    found.pids = pids_ ? Limit::kEnforced : Limit::kMissing;
    found.cpu = cpu_ ? Limit::kEnforced : Limit::kMissing;
  }

  Result<void> create(const std::string& name, const GroupLimits& limits) override {
    const auto group = instance_.path / name;
    if (::mkdir(group.c_str(), 0755) < 0) return fail_errno("mkdir " + group.string(), errno);
    auto set = set_limits(group, {}, limits);
    if (!set) ::rmdir(group.c_str());
    return set;
  }

  Result<void> change(const std::string& name, const GroupLimits& was, const GroupLimits& limits) override {
    return set_limits(instance_.path / name, was, limits);
  }

  Fd open_for_clone(const std::string& name) override {
    return Fd(::open((instance_.path / name).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  }

  Result<void> attach(const std::string& name, pid_t pid) override {
    return write_control(instance_.path / name / "cgroup.procs", std::to_string(pid));
  }

  GroupUsage usage(const std::string& name) override {
    const auto group = instance_.path / name;
    GroupUsage usage;
    std::istringstream(read_control(group / "memory.peak")) >> usage.memory_peak_bytes;  // since Linux 5.19
    if (usage.memory_peak_bytes == 0) {
      std::istringstream(read_control(group / "memory.current")) >> usage.memory_peak_bytes;
    }
    usage.cpu_us = read_keyed(group / "cpu.stat", "usage_usec");
    usage.oom_kills = read_keyed(group / "memory.events", "oom_kill");
    return usage;
  }

  std::vector<OpenUsageFile> open_usage(const std::string& name) override {
    const auto group = instance_.path / name;
    std::vector<OpenUsageFile> files;
    if (!open_usage_file(files, UsageFile::kBytes, group / "memory.peak")) {
      open_usage_file(files, UsageFile::kBytes, group / "memory.current");
    }
    open_usage_file(files, UsageFile::kCpuStat, group / "cpu.stat");
    open_usage_file(files, UsageFile::kFreeze, group / "cgroup.freeze");
    return files;
  }

  void thaw(const std::string&) override {}  // here a frozen process can be killed

  void lift_limits(const std::string& name) override { lift_limits_of(instance_.path / name); }

  bool remove(const std::string& name) override {
    return ::rmdir((instance_.path / name).c_str()) == 0 || errno == ENOENT;
  }

 private:
  Result<void> set_limits(const fs::path& group, const GroupLimits& was, const GroupLimits& limits) const {
    if (memory_ && limits.memory_bytes != was.memory_bytes) {
      GUST_CHECK(write_control(group / "memory.max", std::to_string(limits.memory_bytes)));
      GUST_CHECK(write_control(group / "memory.oom.group", "1"));
      // Absent without swap accounting.
      if (fs::exists(group / "memory.swap.max")) GUST_CHECK(write_control(group / "memory.swap.max", "0"));
    }
    if (pids_ && limits.max_pids != was.max_pids)
      GUST_CHECK(write_control(group / "pids.max", std::to_string(limits.max_pids)));
    if (cpu_ && limits.cpu_millis != was.cpu_millis)
      GUST_CHECK(write_control(group / "cpu.max", fmt::format("{} {}", cpu_quota_us(limits.cpu_millis), kCpuPeriodUs)));
    if (cpu_ && limits.cpu_share != was.cpu_share)
      GUST_CHECK(write_control(group / "cpu.weight", std::to_string(v2_cpu_weight(limits.cpu_share))));
    return {};
  }

  InstanceFolder instance_;
  bool memory_ = false, pids_ = false, cpu_ = false;
};

}  // namespace

std::unique_ptr<Cgroups> open_cgroup_v2(const Hierarchies& hierarchies, Capabilities& found) {
  if (hierarchies.v2.empty()) return nullptr;
  const auto root = choose_root(hierarchies);
  if (root.empty()) return nullptr;
  auto instance = claim_instance(root, fmt::format("launcher-{}", ::getpid()));
  if (!instance) return nullptr;
  enable_controllers(root / "gust");
  // Absent without the controller of CPU time.
  (void)write_control(root / "gust" / "cpu.weight", std::to_string(v2_cpu_weight(kAllShare)));
  enable_controllers(instance->path);
  auto cgroups = std::make_unique<CgroupV2>(std::move(*instance));
  cgroups->describe(found);
  return cgroups;
}

}  // namespace gust::sandbox::launcher
