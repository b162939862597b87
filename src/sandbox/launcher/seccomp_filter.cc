#include "sandbox/launcher/seccomp_filter.h"

#include "sandbox/fd.h"
#include "sandbox/launcher/system_calls.h"

#include <fmt/format.h>

#include <cerrno>
#include <linux/seccomp.h>
#include <memory>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

using Context = std::unique_ptr<void, decltype(&seccomp_release)>;

constexpr std::uint64_t kNewNamespaces =
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
constexpr std::uint64_t kSocketTypeMask = 0xf;  // the rest of the argument is SOCK_CLOEXEC and SOCK_NONBLOCK

scmp_arg_cmp equals(unsigned argument, std::uint64_t value) { return {argument, SCMP_CMP_EQ, value, 0}; }

scmp_arg_cmp masked_equals(unsigned argument, std::uint64_t mask, std::uint64_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

Result<void> add_rule(scmp_filter_ctx filter, std::uint32_t action, int call, std::vector<scmp_arg_cmp> when) {
  const int error = seccomp_rule_add_array(filter, action, call, static_cast<unsigned>(when.size()), when.data());
  // EDOM: the call does not exist on this architecture.
  if (error < 0 && error != -EDOM) return fail_errno(fmt::format("seccomp rule for system call {}", call), -error);
  return {};
}

Result<void> allow_named(scmp_filter_ctx filter) {
  for (const char* name : kAllowedCalls) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call != __NR_SCMP_ERROR) GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, call, {}));
  }
  for (const char* name : kRefusedCalls) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call != __NR_SCMP_ERROR) GUST_CHECK(add_rule(filter, SCMP_ACT_ERRNO(EPERM), call, {}));
  }
  for (const char* name : kEmptyCalls) {
    const int call = seccomp_syscall_resolve_name(name);
    if (call != __NR_SCMP_ERROR) GUST_CHECK(add_rule(filter, SCMP_ACT_ERRNO(0), call, {}));
  }
  return {};
}

Result<void> allow_plain_clone(scmp_filter_ctx filter) {
  return add_rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), {masked_equals(0, kNewNamespaces, 0)});
}

// TCP, UDP and local sockets, and route netlink (getifaddrs uses it). By its protocol too: asking for SCTP or L2TP
// would load their modules into the host's kernel.
Result<void> allow_plain_sockets(scmp_filter_ctx filter) {
  struct Kind {
    std::uint64_t type, protocol;
  };
  constexpr auto kKinds =
      std::to_array<Kind>({{SOCK_STREAM, 0}, {SOCK_STREAM, IPPROTO_TCP}, {SOCK_DGRAM, 0}, {SOCK_DGRAM, IPPROTO_UDP}});
  const int call = SCMP_SYS(socket);
  GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, call, {equals(0, AF_UNIX)}));
  for (const std::uint64_t family : {AF_INET, AF_INET6}) {
    for (const auto& [type, protocol] : kKinds) {
      GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, call,
                          {equals(0, family), masked_equals(1, kSocketTypeMask, type), equals(2, protocol)}));
    }
  }
  return add_rule(filter, SCMP_ACT_ALLOW, call, {equals(0, AF_NETLINK), equals(2, 0)});
}

// All limits but that of core files (why: set_limits), which seems to be set.
Result<void> allow_limits(scmp_filter_ctx filter) {
  const scmp_arg_cmp not_core{1, SCMP_CMP_NE, RLIMIT_CORE, 0}, not_core_of_old{0, SCMP_CMP_NE, RLIMIT_CORE, 0};
  const scmp_arg_cmp sets{2, SCMP_CMP_NE, 0, 0};
  GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), {not_core}));
  GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), {equals(1, RLIMIT_CORE), equals(2, 0)}));
  GUST_CHECK(add_rule(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(prlimit64), {equals(1, RLIMIT_CORE), sets}));
  GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(setrlimit), {not_core_of_old}));
  return add_rule(filter, SCMP_ACT_ERRNO(0), SCMP_SYS(setrlimit), {equals(0, RLIMIT_CORE)});
}

Result<void> allow_conditionally(scmp_filter_ctx filter) {
  GUST_CHECK(allow_plain_clone(filter));
  GUST_CHECK(allow_plain_sockets(filter));
  GUST_CHECK(allow_limits(filter));
  for (const std::uint64_t persona : {0x0UL, 0xffffffffUL}) {
    GUST_CHECK(add_rule(filter, SCMP_ACT_ALLOW, SCMP_SYS(personality), {equals(0, persona)}));
  }
  return {};
}

Result<std::vector<sock_filter>> export_program(scmp_filter_ctx filter) {
  Fd file(::memfd_create("seccomp", MFD_CLOEXEC));
  if (!file) return fail_errno("memfd_create", errno);
  if (const int error = seccomp_export_bpf(filter, file.get()); error < 0) {
    return fail_errno("seccomp_export_bpf", -error);
  }
  const off_t size = ::lseek(file.get(), 0, SEEK_END);
  std::vector<sock_filter> program(static_cast<std::size_t>(size) / sizeof(sock_filter));
  if (::pread(file.get(), program.data(), static_cast<std::size_t>(size), 0) != size) {
    return fail_errno("read the seccomp program", errno);
  }
  return program;
}

}  // namespace

Result<std::vector<sock_filter>> compile_seccomp_filter() {
  // Unknown and unlisted calls look as if the kernel were older: programs then take their other way.
  const Context filter(seccomp_init(SCMP_ACT_ERRNO(ENOSYS)), seccomp_release);
  if (!filter) return fail(Code::kInternal, "seccomp_init failed");
  seccomp_attr_set(filter.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree: the list is long
  GUST_CHECK(allow_named(filter.get()));
  GUST_CHECK(allow_conditionally(filter.get()));
  return export_program(filter.get());
}

Result<void> load_seccomp_filter(const std::vector<sock_filter>& program) {
  sock_fprog loaded{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &loaded) < 0) return fail_errno("seccomp", errno);
  return {};
}

}  // namespace gust::sandbox::launcher
