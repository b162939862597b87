#include "sandbox/launcher/cgroups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace fs = std::filesystem;

std::uint64_t v1_cpu_shares(std::uint32_t cpu_share) {
  return std::clamp<std::uint64_t>(std::uint64_t{cpu_share} * 1024 / 1000, 2, 262'144);
}

std::uint64_t v2_cpu_weight(std::uint32_t cpu_share) { return std::clamp<std::uint64_t>(cpu_share / 10, 1, 10'000); }

std::uint64_t cpu_quota_us(std::uint32_t cpu_millis) {
  return std::max<std::uint64_t>(1000, kCpuPeriodUs * cpu_millis / 1000);
}

Result<void> write_control(const fs::path& file, std::string_view text) {
  Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return fail_errno(fmt::format("open {}", file.string()), errno);
  if (::write(fd.get(), text.data(), text.size()) < 0) {
    return fail_errno(fmt::format("write '{}' to {}", text, file.string()), errno);
  }
  return {};
}

bool open_usage_file(std::vector<OpenUsageFile>& files, UsageFile kind, const fs::path& file) {
  const bool written = kind == UsageFile::kFreeze || kind == UsageFile::kFreezerState;
  Fd fd(::open(file.c_str(), (written ? O_WRONLY : O_RDONLY) | O_CLOEXEC));
  if (!fd) return false;
  files.push_back({kind, std::move(fd)});
  return true;
}

std::string read_control(const fs::path& file) {
  std::ifstream in(file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::uint64_t read_keyed(const fs::path& file, std::string_view key) {
  std::istringstream lines(read_control(file));
  std::string name;
  std::uint64_t value = 0;
  while (lines >> name >> value) {
    if (name == key) return value;
  }
  return 0;
}

void lift_limits_of(const fs::path& group) {
  constexpr std::pair<const char*, const char*> kUnlimited[] = {{"memory.max", "max"},
                                                                {"cpu.max", "max"},
                                                                {"memory.memsw.limit_in_bytes", "-1"},
                                                                {"memory.limit_in_bytes", "-1"},
                                                                {"cpu.cfs_quota_us", "-1"}};
  for (const auto& [file, text] : kUnlimited) {
    if (::access((group / file).c_str(), W_OK) == 0) (void)write_control(group / file, text);
  }
}

namespace {

struct MountLine {
  std::string point, type, options;
};

// /proc/self/mountinfo (proc(5)): "id parent dev root POINT opts [tags] - TYPE source SUPEROPTS".
std::vector<MountLine> read_mounts() {
  std::ifstream in("/proc/self/mountinfo");
  std::vector<MountLine> mounts;
  for (std::string line; std::getline(in, line);) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    MountLine mount;
    std::string skip, source;
    std::istringstream head(line);
    head >> skip >> skip >> skip >> skip >> mount.point;
    std::istringstream tail(line.substr(dash + 3));
    tail >> mount.type >> source >> mount.options;
    mounts.push_back(std::move(mount));
  }
  return mounts;
}

bool has_option(const std::string& options, const std::string& name) {
  return (',' + options + ',').find(',' + name + ',') != std::string::npos;
}

fs::path own_v2_folder(const fs::path& top) {
  std::ifstream in("/proc/self/cgroup");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("0::/")) return top / line.substr(4);
  }
  return top;
}

void kill_all_in(const fs::path& group) {
  std::istringstream pids(read_control(group / "cgroup.procs"));
  for (pid_t pid = 0; pids >> pid;) {
    if (pid > 0) ::kill(pid, SIGKILL);
  }
}

// Kills what runs in a dead launcher's group and removes it, bottom up.
void collect(const fs::path& group) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(group, ignored)) {
    if (entry.is_directory(ignored)) collect(entry.path());
  }
  const auto freezer = group / "freezer.state";  // of v1, where a frozen process does not die
  if (fs::exists(freezer, ignored)) (void)write_control(freezer, "THAWED");
  for (int attempt = 0; attempt < 200; ++attempt) {
    kill_all_in(group);
    if (attempt == 0) lift_limits_of(group);
    if (::rmdir(group.c_str()) == 0 || errno == ENOENT) return;
    ::usleep(5'000);
  }
}

void collect_dead_instances(const fs::path& gust) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(gust, ignored)) {
    if (!entry.is_directory(ignored)) continue;
    Fd folder(::open(entry.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder && ::flock(folder.get(), LOCK_EX | LOCK_NB) == 0) collect(entry.path());
  }
}

// Limits nothing: for machines without usable cgroups.
class NoCgroups final : public Cgroups {
 public:
  Result<void> create(const std::string&, const GroupLimits&) override { return {}; }
  Result<void> change(const std::string&, const GroupLimits&, const GroupLimits&) override { return {}; }
  Fd open_for_clone(const std::string&) override { return Fd(); }
  Result<void> attach(const std::string&, pid_t) override { return {}; }
  GroupUsage usage(const std::string&) override { return {}; }
  std::vector<OpenUsageFile> open_usage(const std::string&) override { return {}; }
  void thaw(const std::string&) override {}
  void lift_limits(const std::string&) override {}
  bool remove(const std::string&) override { return true; }
};

}  // namespace

Hierarchies find_hierarchies() {
  Hierarchies found;
  for (const auto& mount : read_mounts()) {
    if (mount.type == "cgroup2" && found.v2.empty()) {
      found.v2 = mount.point;
      found.v2_own = own_v2_folder(mount.point);
    }
    if (mount.type != "cgroup") continue;
    if (has_option(mount.options, "memory")) found.v1_memory = mount.point;
    if (has_option(mount.options, "pids")) found.v1_pids = mount.point;
    if (has_option(mount.options, "cpu")) found.v1_cpu = mount.point;
    if (has_option(mount.options, "freezer")) found.v1_freezer = mount.point;
    if (has_option(mount.options, "cpuacct")) found.v1_cpuacct = mount.point;
  }
  return found;
}

namespace {

// Held while claiming, so that nobody collects a folder between its mkdir and its lock.
Result<Fd> lock_gust(const fs::path& gust) {
  if (::mkdir(gust.c_str(), 0755) < 0 && errno != EEXIST) return fail_errno("mkdir " + gust.string(), errno);
  Fd lock(::open(gust.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock || ::flock(lock.get(), LOCK_EX) < 0) return fail_errno("lock " + gust.string(), errno);
  return lock;
}

Result<InstanceFolder> try_claim(const fs::path& gust, const std::string& name) {
  GUST_TRY(const auto all, lock_gust(gust));
  collect_dead_instances(gust);
  InstanceFolder instance{gust / name, Fd()};
  if (::mkdir(instance.path.c_str(), 0755) < 0) return fail_errno("mkdir " + instance.path.string(), errno);
  instance.lock.reset(::open(instance.path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!instance.lock || ::flock(instance.lock.get(), LOCK_EX | LOCK_NB) < 0) {
    return fail_errno("lock " + instance.path.string(), errno);
  }
  return instance;
}

}  // namespace

void InstanceFolder::remove() const {
  ::rmdir(path.c_str());
  ::rmdir(path.parent_path().c_str());
}

Result<InstanceFolder> claim_instance(const fs::path& root, const std::string& name) {
  constexpr int kAttempts = 10;
  for (int attempt = 1;; ++attempt) {
    auto claimed = try_claim(root / "gust", name);
    // Not found: the last launcher before us removed `gust` on its way out.
    if (claimed || claimed.error().code != Code::kNotFound || attempt == kAttempts) return claimed;
  }
}

std::unique_ptr<Cgroups> open_cgroups(const Hierarchies& hierarchies, Capabilities& found) {
  std::unique_ptr<Cgroups> cgroups = open_cgroup_v2(hierarchies, found);
  if (!cgroups) cgroups = open_cgroup_v1(hierarchies, found);
  if (!cgroups) {
    found.cgroup = "none";
    cgroups = std::make_unique<NoCgroups>();
  }
  std::string missing;
  const auto check = [&](Limit limit, std::string_view what) {
    if (limit == Limit::kMissing) missing += fmt::format("{}{}", missing.empty() ? "" : ", ", what);
  };
  check(found.memory, "memory");
  check(found.pids, "pids");
  check(found.cpu, "cpu");
  if (!missing.empty()) {
    found.notes.push_back(fmt::format("no limit of: {}. The cgroup controllers are not usable here; run as root, or "
                                      "under `systemd-run --user --scope -p Delegate=yes`", missing));
  }
  return cgroups;
}

}  // namespace gust::sandbox::launcher
