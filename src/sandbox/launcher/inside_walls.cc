#include "sandbox/launcher/child.h"
#include "sandbox/launcher/seccomp_filter.h"

#include <fmt/format.h>

#include <cerrno>
#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr rlim_t kMaxOpenFiles = 1024;
constexpr rlim_t kMaxLockedBytes = 64 * 1024;

Result<void> drop_bounding_set() {
  for (unsigned long capability = 0; ::prctl(PR_CAPBSET_READ, capability) >= 0; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability) < 0) {
      return fail_errno(fmt::format("drop capability {} from the bounding set", capability), errno);
    }
  }
  return {};
}

Result<void> become_user(const ChildPlan& plan) {
  if (plan.privilege == Privilege::kUserNamespace) return {};  // it is the mapped user already
  if (::setgroups(0, nullptr) < 0) return fail_errno("setgroups", errno);
  if (::setresgid(plan.ids.gid, plan.ids.gid, plan.ids.gid) < 0) return fail_errno("setresgid", errno);
  if (::setresuid(plan.ids.uid, plan.ids.uid, plan.ids.uid) < 0) return fail_errno("setresuid", errno);
  return {};
}

Result<void> drop_capabilities() {
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) < 0) return fail_errno("capset", errno);
  return {};
}

void limit(__rlimit_resource resource, rlim_t value) {
  const rlimit both{value, value};
  ::setrlimit(resource, &both);  // lowering cannot fail
}

}  // namespace

void set_limits(const ChildPlan& plan) {
  limit(RLIMIT_NOFILE, kMaxOpenFiles);
  // Not 0: then the kernel still runs a core pattern that is a pipe, as root of the host (core(5), fs/coredump.c).
  limit(RLIMIT_CORE, 1);
  limit(RLIMIT_NICE, 0);
  limit(RLIMIT_RTPRIO, 0);
  limit(RLIMIT_MEMLOCK, kMaxLockedBytes);
  // The user is the sandbox's own, so this also bounds processes where the pids controller is missing.
  if (plan.privilege == Privilege::kRoot) limit(RLIMIT_NPROC, plan.spec.max_pids);
}

Result<void> raise_walls(const ChildPlan& plan) {
  GUST_CHECK(drop_bounding_set());
  GUST_CHECK(become_user(plan));
  GUST_CHECK(drop_capabilities());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) return fail_errno("set no_new_privs", errno);
  return load_seccomp_filter(plan.seccomp);
}

}  // namespace gust::sandbox::launcher
