// What is left behind when the daemon or the launcher is killed: nothing.
#include "sandbox/linux/testing.h"

#include <fmt/format.h>

#include <algorithm>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace gust::sandbox {
namespace {

namespace fs = std::filesystem;

// Processes held by descriptors, so that their end can be waited for.
class Watched {
 public:
  explicit Watched(const std::vector<pid_t>& pids) {
    for (const pid_t pid : pids) fds_.emplace_back(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  }
  std::size_t size() const { return fds_.size(); }
  bool all_end() const {
    return std::ranges::all_of(fds_, [](const Fd& fd) {
      pollfd ended{fd.get(), POLLIN, 0};
      return fd && ::poll(&ended, 1, kPatienceMs) == 1;
    });
  }

 private:
  static constexpr int kPatienceMs = 20'000;
  std::vector<Fd> fds_;
};

// Every process below `pid`, read from /proc.
std::vector<pid_t> descendants(pid_t pid) {
  std::vector<pid_t> found{pid};
  for (std::size_t i = 0; i < found.size(); ++i) {
    std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", found[i]));
    for (pid_t child = 0; children >> child;) found.push_back(child);
  }
  return found;
}

std::vector<fs::path> cgroups_of(pid_t launcher) {
  std::vector<fs::path> found;
  const auto name = fmt::format("launcher-{}", launcher);
  for (const char* folder : {"", "memory", "pids", "cpu", "cpuacct", "unified"}) {
    const auto path = fs::path("/sys/fs/cgroup") / folder / "gust" / name;
    if (fs::exists(path)) found.push_back(path);
  }
  return found;
}

using Crash = testing::Sandboxes;

TEST_F(Crash, AKilledDaemonLeavesNothingBehind) {
  // A process that stands for the daemon: it starts a sandbox, says its launcher's pid, and waits to be killed.
  auto pipe = make_pipe();
  ASSERT_TRUE(pipe);
  const auto long_lived = shell("sleep 1000 & sleep 1000");
  const pid_t daemon = ::fork();
  ASSERT_GE(daemon, 0);
  if (daemon == 0) {
    auto started = start(long_lived);
    const pid_t pid = started ? launcher().launcher_pid() : 0;
    (void)!::write(pipe->theirs.get(), &pid, sizeof(pid));
    for (;;) ::pause();
  }
  pid_t launcher_pid = 0;
  ASSERT_EQ(::read(pipe->ours.get(), &launcher_pid, sizeof(launcher_pid)), static_cast<ssize_t>(sizeof(launcher_pid)));
  ASSERT_GT(launcher_pid, 0);
  const Watched processes(descendants(launcher_pid));
  const auto groups = cgroups_of(launcher_pid);
  EXPECT_GE(processes.size(), 3u);  // launcher, init, shell
  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, nullptr, 0);
  EXPECT_TRUE(processes.all_end());
  for (const auto& group : groups) EXPECT_FALSE(fs::exists(group)) << group;
}

TEST_F(Crash, AKilledLaunchersGroupsAreCollectedByTheNext) {
  auto sandbox = start(shell("sleep 1000 & sleep 1000"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const pid_t first = launcher().launcher_pid();
  const Watched processes(descendants(first));
  const auto groups = cgroups_of(first);
  if (enforces(launcher().capabilities().memory)) EXPECT_FALSE(groups.empty());
  ::kill(first, SIGKILL);
  ASSERT_TRUE(wait(**sandbox));
  ASSERT_EQ(output_of(shell("echo next")), "next\n");
  EXPECT_TRUE(processes.all_end());
  for (const auto& group : groups) EXPECT_FALSE(fs::exists(group)) << group;
}

TEST_F(Crash, NothingIsLeftAfterStop) {
  ASSERT_TRUE(run(shell("true")));
  auto running = start(shell("sleep 1000"));
  ASSERT_TRUE(running) << running.error().message;
  const pid_t pid = launcher().launcher_pid();
  const Watched processes(descendants(pid));
  const auto groups = cgroups_of(pid);
  const auto stopped = async::testing::run(loop_, [&]() -> async::Task<void> { return launcher().stop(); });
  ASSERT_TRUE(stopped);
  EXPECT_TRUE(processes.all_end());
  for (const auto& group : groups) EXPECT_FALSE(fs::exists(group)) << group;
  std::ifstream mounts("/proc/self/mounts");
  const std::string text{std::istreambuf_iterator<char>(mounts), {}};
  EXPECT_EQ(text.find("gust-root"), std::string::npos);
}

}  // namespace
}  // namespace gust::sandbox
