#include "sandbox/launcher/outlet.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr const char* kProgram = "/usr/bin/slirp4netns";
constexpr int kReadyTimeoutMs = 5000;

[[noreturn]] void execute(pid_t sandbox, int ready, int exit) {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  for (const int fd : {ready, exit}) ::fcntl(fd, F_SETFD, 0);
  const auto ready_fd = fmt::format("--ready-fd={}", ready), exit_fd = fmt::format("--exit-fd={}", exit);
  const auto target = std::to_string(sandbox);
  const char* const argv[] = {kProgram,         "--configure",          "--mtu=65520",   "--disable-host-loopback",
                              "--enable-sandbox", ready_fd.c_str(), exit_fd.c_str(), target.c_str(),
                              "tap0",           nullptr};
  ::execv(kProgram, const_cast<char* const*>(argv));
  ::_exit(127);
}

}  // namespace

Outlet::~Outlet() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Result<void> Outlet::open(pid_t sandbox) {
  if (::access(kProgram, X_OK) != 0)
    return fail(Code::kUnsupported, fmt::format("egress needs {}: install slirp4netns", kProgram));
  GUST_TRY(auto ready, make_pipe());
  GUST_TRY(auto exit, make_pipe());
  pid_ = ::fork();
  if (pid_ < 0) return fail_errno("fork", errno);
  if (pid_ == 0) execute(sandbox, ready.theirs.get(), exit.ours.get());
  ready.theirs.reset();
  exit_ = std::move(exit.theirs);
  pollfd told{ready.ours.get(), POLLIN, 0};
  char one = 0;
  if (::poll(&told, 1, kReadyTimeoutMs) != 1 || ::read(ready.ours.get(), &one, 1) != 1)
    return fail(Code::kUnavailable, "slirp4netns did not come up; is /dev/net/tun there?");
  return {};
}

}  // namespace gust::sandbox::launcher
