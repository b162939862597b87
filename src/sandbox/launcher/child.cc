#include "sandbox/launcher/child.h"

#include "sandbox/launcher/cgroups.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr int kExitSetupFailed = 120;

[[noreturn]] void give_up(const ChildPlan& plan, const Error& error) {
  (void)send_message(plan.control, fmt::format("!{} {}", static_cast<int>(error.code), error.message));
  ::_exit(kExitSetupFailed);
}

void reset_signals() {
  for (const int signal : {SIGINT, SIGHUP, SIGPIPE}) ::signal(signal, SIG_DFL);  // those that the launcher ignores
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Keeps `keep` (sorted here) and 0-2; everything else that came from the launcher is closed.
void close_all_but(std::vector<int> keep) {
  std::ranges::sort(keep);
  unsigned first = 3;
  for (const int fd : keep) {
    if (fd < 3) continue;
    if (static_cast<unsigned>(fd) > first) ::close_range(first, static_cast<unsigned>(fd) - 1, 0);
    first = static_cast<unsigned>(fd) + 1;
  }
  ::close_range(first, ~0U, 0);
}

Result<void> wait_for_go(int control) {
  GUST_TRY(const auto packet, receive_message(control));
  if (packet && packet->bytes == kGo) return {};
  return fail(Code::kCancelled, "the launcher ended before the sandbox was ready");
}

Result<void> announce_listeners(const ChildPlan& plan, const std::vector<Fd>& listeners) {
  std::vector<int> fds;
  for (const auto& listener : listeners) fds.push_back(listener.get());
  if (plan.spec.kind != Kind::kGeneric) return send_message(plan.control, kReady, fds);
  // Opened by ourselves: in a user namespace the launcher may not look into a process that became undumpable.
  const Fd mounts(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  if (!mounts) return fail_errno("open the mount namespace", errno);
  fds.push_back(mounts.get());
  return send_message(plan.control, kReady, fds);
}

Result<void> build_inside(const ChildPlan& plan) {
  // Where memory is short the kernel shall end functions before anything else; best effort.
  (void)write_control("/proc/self/oom_score_adj", "500");
  if (::sethostname("sandbox", 7) < 0) return fail_errno("sethostname", errno);
  GUST_TRY(auto listeners, set_up_network(plan));
  GUST_CHECK(enter_root(plan));
  GUST_CHECK(announce_listeners(plan, listeners));
  listeners.clear();
  GUST_CHECK(wait_for_go(plan.control));
  // After go: the group of this moment becomes the namespace's root.
  if (::unshare(CLONE_NEWCGROUP) < 0) return fail_errno("unshare the cgroup namespace", errno);
  return {};
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// What to execute; of a sandbox without a program it comes when it is specialised.
Specialisation await_program(const ChildPlan& plan) {
  if (auto said = send_message(plan.control, kWaiting); !said) give_up(plan, said.error());
  auto packet = receive_message(plan.control);
  if (!packet || !*packet) ::_exit(kExitSetupFailed);
  if ((*packet)->bytes.empty()) ::_exit(kExitSetupFailed);  // the launcher has ended
  auto program = decode_program((*packet)->bytes);
  if (!program) give_up(plan, program.error());
  return std::move(*program);
}

[[noreturn]] void execute(const ChildPlan& plan, std::vector<std::string> argv,
                          const std::map<std::string, std::string>& environment, const std::string& working_dir) {
  if (::chdir(working_dir.c_str()) < 0) {
    give_up(plan, fail_errno("change to the working directory " + working_dir, errno).error());
  }
  std::vector<std::string> env;
  for (const auto& [name, value] : environment) env.push_back(name + '=' + value);
  auto argv_pointers = pointers(argv);
  auto env_pointers = pointers(env);
  // The control socket closes on exec: that tells the launcher that it went well.
  ::execve(argv.front().c_str(), argv_pointers.data(), env_pointers.data());
  give_up(plan, fail_errno("execute " + argv.front(), errno).error());
}

[[noreturn]] void exec_function(const ChildPlan& plan) {
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (null < 0 || ::dup2(null, 0) < 0) give_up(plan, fail_errno("open /dev/null", errno).error());
  if (::dup2(plan.output, 1) < 0 || ::dup2(plan.output, 2) < 0) give_up(plan, fail_errno("dup2", errno).error());
  set_limits(plan);
  if (auto raised = raise_walls(plan); !raised) give_up(plan, raised.error());
  if (!plan.spec.argv.empty()) execute(plan, plan.spec.argv, plan.spec.env, plan.spec.working_dir);
  const auto program = await_program(plan);
  if (auto said = send_message(plan.control, kExecuting); !said) give_up(plan, said.error());
  execute(plan, program.argv, program.env, program.working_dir);
}

// The launcher's death must end the sandbox. Cleared by every change of user, so set after the last.
void die_with_launcher(int status) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_DUMPABLE, 0);  // again, since a change of user may have set it
  pollfd reader{status, 0, 0};
  // The launcher reads `status`: a reader gone means that it died before the line above.
  if (::poll(&reader, 1, 0) > 0 && (reader.revents & POLLERR)) ::_exit(kExitSetupFailed);
}

[[noreturn]] void reap_until_gone(pid_t function, int status_pipe) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, 0);
    if (ended < 0 && errno == EINTR) continue;
    if (ended != function && ended > 0) continue;
    if (ended == function && ::write(status_pipe, &status, sizeof(status)) < 0) ::_exit(kExitSetupFailed);
    ::_exit(0);  // the kernel kills what is left in the pid namespace
  }
}

}  // namespace

void run_child(const ChildPlan& plan) {
  reset_signals();
  close_all_but({plan.control, plan.status, plan.output, plan.network});
  if (auto built = build_inside(plan); !built) give_up(plan, built.error());
  // Init's memory is a copy of the launcher's, with what other functions were started with: not for this one to read.
  // Before the fork, so that there is no moment when it could; exec makes the function itself dumpable again.
  ::prctl(PR_SET_DUMPABLE, 0);
  const pid_t function = ::fork();
  if (function < 0) give_up(plan, fail_errno("fork", errno).error());
  if (function == 0) exec_function(plan);
  if (auto raised = raise_walls(plan); !raised) give_up(plan, raised.error());
  die_with_launcher(plan.status);
  close_all_but({plan.status});
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  reap_until_gone(function, plan.status);
}

}  // namespace gust::sandbox::launcher
