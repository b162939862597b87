#include "sandbox/launcher/service.h"

#include "sandbox/launcher/child.h"
#include "sandbox/launcher/clone.h"
#include "sandbox/launcher/seccomp_filter.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <poll.h>
#include <sys/mount.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr std::size_t kMaxSandboxes = 4096;
constexpr int kRemoveRetryMs = 5;

// SIGTERM through a descriptor; SIGINT is for the daemon, which tells us when it ends.
Result<Fd> block_signals() {
  ::signal(SIGINT, SIG_IGN);
  ::signal(SIGHUP, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  if (::sigprocmask(SIG_BLOCK, &term, nullptr) < 0) return fail_errno("sigprocmask", errno);
  Fd fd(::signalfd(-1, &term, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return fail_errno("signalfd", errno);
  return fd;
}

Exit read_exit(int status_pipe) {
  int status = 0;
  Exit exit;
  if (::read(status_pipe, &status, sizeof(status)) != sizeof(status)) {
    exit.signal = SIGKILL;  // init itself was killed: the whole sandbox was
  } else if (WIFSIGNALED(status)) {
    exit.signal = WTERMSIG(status);
  } else {
    exit.code = WEXITSTATUS(status);
  }
  return exit;
}

GroupLimits limits_of(const Spec& spec) { return {spec.memory_bytes, spec.cpu_millis, spec.cpu_share, spec.max_pids}; }

// "!<code> <message>" from the child.
Error parse_child_error(std::string_view packet) {
  const auto space = packet.find(' ');
  const auto code = std::atoi(std::string(packet.substr(1, space)).c_str());
  return {static_cast<Code>(code), std::string(packet.substr(space + 1)), {}};
}

}  // namespace

Service::Service(Fd daemon, UserRange users, RootTemplate root, std::vector<sock_filter> seccomp, OwnPlace own)
    : daemon_(std::move(daemon)),
      users_(users),
      root_(std::move(root)),
      seccomp_(std::move(seccomp)),
      own_(std::move(own)) {}

Result<std::unique_ptr<Service>> Service::make(Fd daemon, const RootSettings& settings) {
  GUST_TRY(auto signals, block_signals());
  // Before the user namespace: afterwards the groups are not ours to open.
  Capabilities capabilities;
  auto cgroups = open_cgroups(find_hierarchies(), capabilities);
  GUST_TRY(auto users, UserRange::enter());
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) < 0) return fail_errno("make mounts slaves", errno);
  GUST_TRY(auto root, RootTemplate::make(settings));
  GUST_TRY(auto seccomp, compile_seccomp_filter());
  GUST_TRY(auto own, OwnPlace::remember());
  ::fcntl(daemon.get(), F_SETFL, O_NONBLOCK);
  std::unique_ptr<Service> made(
      new Service(std::move(daemon), users, std::move(root), std::move(seccomp), std::move(own)));
  capabilities.privilege = users.privilege() == Privilege::kRoot ? "root" : "user-namespace";
  made->signals_ = std::move(signals);
  made->capabilities_ = std::move(capabilities);
  made->cgroups_ = std::move(cgroups);
  return made;
}

void Service::run() {
  send(Hello{capabilities_});
  while (!ended_) {
    if (!wait_for_events()) break;
    remove_ended();
  }
  end_all();
}

// Waits once and serves what happened; false when it is time to end.
bool Service::wait_for_events() {
  std::vector<pollfd> polled{{daemon_.get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
  std::vector<Running*> owners;
  int timeout_ms = -1;
  bool starts = false;
  for (const auto& [id, sandbox] : running_) {
    if (sandbox->reaped) {
      timeout_ms = kRemoveRetryMs;
      continue;
    }
    starts = starts || !sandbox->announced;
    polled.push_back({sandbox->pidfd.get(), POLLIN, 0});
    polled.push_back({sandbox->control.get(), POLLIN, 0});  // -1 is skipped by poll
    owners.push_back(sandbox.get());
  }
  // Not while one starts: it would wait for the namespace that is made for a later one.
  const bool idle_work = !networks_.full() && !starts;
  const auto events = ::poll(polled.data(), polled.size(), idle_work ? 0 : timeout_ms);
  if (events < 0) return errno == EINTR;
  if (events == 0 && idle_work) {
    if (auto added = networks_.add(); !added) fmt::print(stderr, "gust-launcher: {}\n", added.error().message);
  }
  if (polled[1].revents) return false;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    // Control first: an error of the set-up is told before the exit that follows it.
    if (polled[3 + 2 * i].revents) read_control(*owners[i]);
    if (polled[2 + 2 * i].revents) reap(*owners[i]);
  }
  if (polled[0].revents) handle_requests();
  return true;
}

void Service::handle_requests() {
  for (;;) {
    auto packet = receive_message(daemon_.get());
    if (packet && !*packet) return;
    if (!packet || (*packet)->bytes.empty()) {
      ended_ = true;
      return;
    }
    const auto request = decode_request((*packet)->bytes);
    if (!request) {
      ended_ = true;  // the ends do not speak the same protocol; nothing can be trusted
      fmt::print(stderr, "gust-launcher: {}\n", request.error().message);
      return;
    }
    std::visit([this](const auto& r) { handle(r); }, *request);
  }
}

void Service::handle(const StartRequest& request) {
  if (auto started = start(request); !started) {
    auto error = started.error();
    error.message = fmt::format("start sandbox {}: {}", request.spec.id, error.message);
    send(Failed{request.seq, error});
  }
}

void Service::handle(const KillRequest& request) {
  const auto found = running_.find(request.id);
  if (found == running_.end() || found->second->reaped) return;
  kill(*found->second);
}

// Its init dies, and with it every process of its namespace.
void Service::kill(Running& sandbox) {
  cgroups_->thaw(sandbox.spec.id);
  ::syscall(SYS_pidfd_send_signal, sandbox.pidfd.get(), SIGKILL, nullptr, 0);
  cgroups_->lift_limits(sandbox.spec.id);
}

void Service::handle(const UsageRequest& request) {
  if (!running_.contains(request.id)) {
    send(Failed{request.seq, {Code::kNotFound, fmt::format("sandbox {} has ended", request.id), {}}});
    return;
  }
  const auto usage = cgroups_->usage(request.id);
  send(UsageAnswer{request.seq, {usage.memory_peak_bytes, usage.cpu_us}});
}

void Service::handle(const SpecialiseRequest& request) {
  if (auto done = specialise(request); !done) {
    auto error = done.error();
    error.message = fmt::format("specialise sandbox {}: {}", request.id, error.message);
    return send(Failed{request.seq, std::move(error)});
  }
  // One that was without a program answers when that runs.
  if (request.to.argv.empty()) send(Specialised{request.seq});
}

void Service::answer_specialise(Running& sandbox, Result<void> done) {
  const auto seq = std::exchange(sandbox.specialise_seq, 0);
  if (seq == 0) return;
  if (done) return send(Specialised{seq});
  auto error = done.error();
  error.message = fmt::format("specialise sandbox {}: {}", sandbox.spec.id, error.message);
  send(Failed{seq, std::move(error)});
}

Result<void> Service::specialise(const SpecialiseRequest& request) {
  GUST_CHECK(validate(request.to));
  const auto found = running_.find(request.id);
  if (found == running_.end() || found->second->reaped) return fail(Code::kNotFound, "it has ended");
  auto& sandbox = *found->second;
  if (!sandbox.announced || !sandbox.mounts) {
    return fail(Code::kInvalid, "only a generic one that runs can be specialised, and only once");
  }
  if (request.to.argv.empty() != static_cast<bool>(!sandbox.control)) {
    return fail(Code::kInvalid, "a program is needed where there is none yet, and only there");
  }
  const Fd mounts = std::move(sandbox.mounts);
  for (const auto& mount : request.to.read_only) GUST_CHECK(root_.add_mount_point(mount.target));
  const auto was = limits_of(sandbox.spec);
  sandbox.spec.memory_bytes = request.to.memory_bytes;
  sandbox.spec.cpu_millis = request.to.cpu_millis;
  sandbox.spec.cpu_share = request.to.cpu_share;
  GUST_CHECK(cgroups_->change(request.id, was, limits_of(sandbox.spec)));
  GUST_CHECK(specialise_mounts(own_, mounts, request.to));
  if (!sandbox.control) return {};
  sandbox.specialise_seq = request.seq;
  auto sent = send_message(sandbox.control.get(), encode_program(request.to));
  if (!sent) sandbox.specialise_seq = 0;
  return sent;
}

Result<void> Service::start(const StartRequest& request) {
  const auto& spec = request.spec;
  GUST_CHECK(validate(spec));
  if (running_.contains(spec.id)) return fail(Code::kAlreadyExists, "a sandbox of this id is running");
  if (running_.size() >= kMaxSandboxes) {
    return fail(Code::kThrottled, fmt::format("{} sandboxes are running, the most there can be", kMaxSandboxes));
  }
  auto sandbox = std::make_unique<Running>();
  sandbox->spec = spec;
  sandbox->seq = request.seq;
  while (slots_.contains(sandbox->slot)) ++sandbox->slot;
  GUST_CHECK(cgroups_->create(spec.id, limits_of(spec)));
  if (auto cloned = clone(*sandbox); !cloned) {
    cgroups_->remove(spec.id);
    return cloned;
  }
  slots_.insert(sandbox->slot);
  running_.emplace(spec.id, std::move(sandbox));
  return {};
}

// Makes the process with its namespaces. From here on it is in running_, and a failure comes over its control socket.
Result<void> Service::clone(Running& sandbox) {
  const auto& spec = sandbox.spec;
  for (const auto& mount : spec.read_only) GUST_CHECK(root_.add_mount_point(mount.target));
  const auto ids = users_.of_slot(sandbox.slot);
  GUST_TRY(const auto passwd, root_.passwd_for(ids.uid, ids.gid));
  GUST_TRY(auto control, make_packet_pair());
  GUST_TRY(auto status, make_pipe());
  GUST_TRY(auto output, make_pipe());
  // So that programs may open /dev/stdout and /dev/stderr by name.
  if (::fchown(output.theirs.get(), ids.uid, ids.gid) < 0) return fail_errno("fchown the output pipe", errno);
  const Fd group = cgroups_->open_for_clone(spec.id);
  // One with egress has its own from its first moment: its outlet is opened into it meanwhile.
  const Fd network = spec.egress == Egress::kNone ? networks_.take() : Fd();
  const auto resolver = spec.egress == Egress::kInternet ? root_.resolver() : std::filesystem::path();
  const ChildPlan plan{spec,
                       root_.root(),
                       root_.image(),
                       passwd,
                       resolver,
                       ids,
                       users_.privilege(),
                       seccomp_,
                       control.theirs.get(),
                       status.theirs.get(),
                       output.theirs.get(),
                       network.get()};
  GUST_TRY(auto child, clone_into_namespaces(group.get(), network ? Network::kLater : Network::kOwn));
  if (child.pid == 0) run_child(plan);
  sandbox.pid = child.pid;
  sandbox.pidfd = std::move(child.pidfd);
  sandbox.control = std::move(control.ours);
  sandbox.status = std::move(status.ours);
  sandbox.output = std::move(output.ours);
  // The child builds its inside meanwhile; it waits for "go" before it runs anything.
  Result<void> attached;
  if (!group) attached = cgroups_->attach(spec.id, child.pid);
  if (attached && spec.egress == Egress::kInternet) attached = sandbox.outlet.open(sandbox.pid);
  if (attached) attached = send_message(sandbox.control.get(), kGo);
  if (!attached) {
    ::syscall(SYS_pidfd_send_signal, sandbox.pidfd.get(), SIGKILL, nullptr, 0);
    ::waitid(P_PIDFD, static_cast<id_t>(sandbox.pidfd.get()), nullptr, WEXITED);
  }
  return attached;
}

void Service::read_control(Running& sandbox) {
  auto packet = receive_message(sandbox.control.get());
  if (!packet || !*packet) {
    fail_start(sandbox, packet ? Error{Code::kInternal, "no packet where one was due", {}} : packet.error());
    return;
  }
  const auto& bytes = (*packet)->bytes;
  if (sandbox.announced && bytes == kExecuting) {
    sandbox.executes = true;
  } else if (sandbox.announced) {
    // It waited for its program: now that runs, or could not, or the process was killed.
    const Error gone{Code::kUnavailable, "it was killed before its program ran", {}};
    answer_specialise(sandbox, !bytes.empty()     ? std::unexpected(parse_child_error(bytes))
                               : sandbox.executes ? Result<void>()
                                                  : std::unexpected(gone));
    sandbox.control.reset();
  } else if (bytes == kWaiting) {
    auto control = std::move(sandbox.control);
    announce(sandbox);
    sandbox.control = std::move(control);
  } else if (bytes.starts_with('!')) {
    fail_start(sandbox, parse_child_error(bytes));
  } else if (bytes == kReady) {
    sandbox.listeners = std::move((*packet)->fds);
    if (sandbox.spec.kind == Kind::kGeneric && !sandbox.listeners.empty()) {
      sandbox.mounts = std::move(sandbox.listeners.back());
      sandbox.listeners.pop_back();
    }
  } else {
    announce(sandbox);  // closed: the program runs, or the process was killed, which its exit will tell
  }
}

void Service::fail_start(Running& sandbox, Error error) {
  sandbox.control.reset();
  sandbox.dropped = true;
  error.message = fmt::format("start sandbox {}: {}", sandbox.spec.id, error.message);
  send(Failed{sandbox.seq, std::move(error)});
  kill(sandbox);
}

void Service::announce(Running& sandbox) {
  sandbox.control.reset();
  std::vector<int> fds{sandbox.output.get()};
  for (const auto& listener : sandbox.listeners) fds.push_back(listener.get());
  if (sandbox.listeners.size() != sandbox.spec.listen_ports.size() + sandbox.spec.datagram_ports.size()) {
    fail_start(sandbox, {Code::kUnavailable, "it was killed while it was set up", {}});
    return;
  }
  sandbox.announced = true;
  const auto files = cgroups_->open_usage(sandbox.spec.id);
  Started started{sandbox.seq, sandbox.pid};
  for (const auto& file : files) {
    started.usage.push_back(file.kind);
    fds.push_back(file.fd.get());
  }
  send(started, fds);
  sandbox.output.reset();
  sandbox.listeners.clear();
}

void Service::reap(Running& sandbox) {
  siginfo_t info{};
  const auto pidfd = static_cast<id_t>(sandbox.pidfd.get());
  if (::waitid(P_PIDFD, pidfd, &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0) return;
  while (sandbox.control) read_control(sandbox);  // all its packets are there, then the end: this cannot block
  sandbox.reaped = true;
}

void Service::remove_ended() {
  for (auto it = running_.begin(); it != running_.end();) {
    auto& sandbox = *it->second;
    if (!sandbox.reaped) {
      ++it;
      continue;
    }
    const auto usage = cgroups_->usage(sandbox.spec.id);
    if (!cgroups_->remove(sandbox.spec.id)) {
      ++it;  // the kernel still lets go of the processes: again in a moment
      continue;
    }
    if (!sandbox.dropped) {
      auto exit = read_exit(sandbox.status.get());
      exit.out_of_memory = usage.oom_kills > 0 && exit.signal == SIGKILL;
      send(Exited{sandbox.spec.id, exit, {usage.memory_peak_bytes, usage.cpu_us}});
    }
    slots_.erase(sandbox.slot);
    it = running_.erase(it);
  }
}

void Service::end_all() {
  for (const auto& [id, sandbox] : running_) {
    if (!sandbox->reaped) kill(*sandbox);
  }
  for (const auto& [id, sandbox] : running_) {
    if (!sandbox->reaped) ::waitid(P_PIDFD, static_cast<id_t>(sandbox->pidfd.get()), nullptr, WEXITED);
    sandbox->reaped = true;
    sandbox->dropped = true;
  }
  for (int attempt = 0; attempt < 400 && !running_.empty(); ++attempt) {
    remove_ended();
    if (!running_.empty()) ::usleep(kRemoveRetryMs * 1000);
  }
  cgroups_.reset();
}

void Service::send(const Event& event, std::span<const int> fds) {
  const auto text = encode(event);
  for (;;) {
    const auto sent = send_message(daemon_.get(), text, fds);
    if (sent || sent.error().code != Code::kThrottled) return;  // a dead daemon is seen by the next read
    pollfd writable{daemon_.get(), POLLOUT, 0};
    ::poll(&writable, 1, -1);
  }
}

}  // namespace gust::sandbox::launcher
