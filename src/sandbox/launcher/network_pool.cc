#include "sandbox/launcher/network_pool.h"

#include "sandbox/launcher/child.h"

#include <cerrno>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace gust::sandbox::launcher {

// In a process of its own, so that the launcher stays in its namespace: into which it could not always come back.
static Result<void> make_and_send(int to) {
  if (::unshare(CLONE_NEWNET) < 0) return fail_errno("unshare a network namespace", errno);
  GUST_CHECK(raise_loopback());
  const Fd network(::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!network) return fail_errno("open a network namespace", errno);
  const int fds[] = {network.get()};
  return send_message(to, kReady, fds);
}

Fd NetworkPool::take() {
  if (ready_.empty()) return {};
  auto fd = std::move(ready_.back());
  ready_.pop_back();
  return fd;
}

Result<void> NetworkPool::add() {
  broken_ = true;
  GUST_TRY(auto ends, make_packet_pair());
  const auto maker = ::fork();
  if (maker < 0) return fail_errno("fork for a network namespace", errno);
  if (maker == 0) {
    const auto sent = make_and_send(ends.theirs.get());
    if (!sent) (void)send_message(ends.theirs.get(), sent.error().message);
    ::_exit(0);
  }
  ends.theirs.reset();
  ::waitpid(maker, nullptr, 0);
  GUST_TRY(auto told, receive_message(ends.ours.get()));
  if (!told || told->bytes != kReady || told->fds.size() != 1) {
    return fail(Code::kUnavailable, told ? told->bytes : "a network namespace was not made");
  }
  ready_.push_back(std::move(told->fds.front()));
  broken_ = false;
  return {};
}

}  // namespace gust::sandbox::launcher
