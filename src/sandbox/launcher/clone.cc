#include "sandbox/launcher/clone.h"

#include <cerrno>
#include <csignal>
#include <linux/sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

// The launcher has one thread and few pages, so a plain copy is cheap and needs no stack of its own. The cgroup
// namespace comes later, by unshare, when the process is in its group.
Result<Child> clone_into_namespaces(int group, Network network) {
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
  if (network == Network::kOwn) args.flags |= CLONE_NEWNET;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  if (group >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(group);
  }
  const auto pid = ::syscall(SYS_clone3, &args, sizeof(args));
  if (pid < 0) return fail_errno("clone3 with new namespaces", errno);
  return Child{static_cast<pid_t>(pid), Fd(pidfd)};
}

}  // namespace gust::sandbox::launcher
