// What is left behind when the daemon or the launcher is killed: nothing.
#include "sandbox/linux/testing.h"

#include <fmt/format.h>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

namespace gust::sandbox {
namespace {

namespace fs = std::filesystem;

// Polls until `condition` holds, for at most ten seconds.
template <typename F>
bool becomes_true(F condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    ::usleep(10'000);
  }
  return false;
}

// A zombie is not: it only waits for this machine's init to read its exit.
bool is_alive(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string number, name, state;
  return stat >> number >> name >> state && state != "Z" && state != "X";
}

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
  const auto processes = descendants(launcher_pid);
  const auto groups = cgroups_of(launcher_pid);
  EXPECT_GE(processes.size(), 3u);  // launcher, init, shell
  ::kill(daemon, SIGKILL);
  ::waitpid(daemon, nullptr, 0);
  for (const pid_t pid : processes) EXPECT_TRUE(becomes_true([&] { return !is_alive(pid); })) << pid;
  for (const auto& group : groups) EXPECT_TRUE(becomes_true([&] { return !fs::exists(group); })) << group;
}

TEST_F(Crash, AKilledLaunchersGroupsAreCollectedByTheNext) {
  auto sandbox = start(shell("sleep 1000 & sleep 1000"));
  ASSERT_TRUE(sandbox) << sandbox.error().message;
  const pid_t first = launcher().launcher_pid();
  const auto processes = descendants(first);
  const auto groups = cgroups_of(first);
  if (enforces(launcher().capabilities().memory)) EXPECT_FALSE(groups.empty());
  ::kill(first, SIGKILL);
  ASSERT_TRUE(wait(**sandbox));
  ASSERT_EQ(output_of(shell("echo next")), "next\n");
  for (const pid_t pid : processes) EXPECT_TRUE(becomes_true([&] { return !is_alive(pid); })) << pid;
  for (const auto& group : groups) EXPECT_FALSE(fs::exists(group)) << group;
}

TEST_F(Crash, NothingIsLeftAfterStop) {
  ASSERT_TRUE(run(shell("true")));
  auto running = start(shell("sleep 1000"));
  ASSERT_TRUE(running) << running.error().message;
  const pid_t pid = launcher().launcher_pid();
  const auto processes = descendants(pid);
  const auto groups = cgroups_of(pid);
  const auto stopped = async::testing::run(loop_, [&]() -> async::Task<void> { return launcher().stop(); });
  ASSERT_TRUE(stopped);
  for (const pid_t process : processes) EXPECT_FALSE(is_alive(process)) << process;
  for (const auto& group : groups) EXPECT_FALSE(fs::exists(group)) << group;
  std::ifstream mounts("/proc/self/mounts");
  const std::string text{std::istreambuf_iterator<char>(mounts), {}};
  EXPECT_EQ(text.find("gust-root"), std::string::npos);
}

}  // namespace
}  // namespace gust::sandbox
