#include "sandbox/launcher/network_pool.h"

#include "sandbox/launcher/child.h"

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <utility>

namespace gust::sandbox::launcher {

namespace {

struct Made {
  int fd = -1;
  Error error;
};

// In a process that shares our memory and descriptors, so that our own namespace stays what it is.
int make(void* out) {
  auto& made = *static_cast<Made*>(out);
  if (::unshare(CLONE_NEWNET) < 0) {
    made.error = fail_errno("unshare a network namespace", errno).error();
  } else if (auto raised = raise_loopback(); !raised) {
    made.error = raised.error();
  } else {
    made.fd = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (made.fd < 0) made.error = fail_errno("open a network namespace", errno).error();
  }
  return 0;
}

}  // namespace

Fd NetworkPool::take() {
  if (ready_.empty()) return {};
  auto fd = std::move(ready_.back());
  ready_.pop_back();
  return fd;
}

Result<void> NetworkPool::add() {
  alignas(16) std::array<char, 64 << 10> stack;
  Made made;
  const auto pid =
      ::clone(make, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | CLONE_FILES | SIGCHLD, &made);
  if (pid < 0) made.error = fail_errno("clone for a network namespace", errno).error();
  if (pid > 0) ::waitpid(pid, nullptr, 0);
  broken_ = made.fd < 0;
  if (broken_) return std::unexpected(made.error);
  ready_.emplace_back(made.fd);
  return {};
}

}  // namespace gust::sandbox::launcher
