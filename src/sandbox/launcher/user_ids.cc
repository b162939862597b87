#include "sandbox/launcher/user_ids.h"

#include "sandbox/launcher/cgroups.h"

#include <fmt/format.h>

#include <cerrno>
#include <fstream>
#include <sched.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

constexpr uid_t kMappedId = 993;
// Far from the ids of people and daemons, and from the ranges of /etc/subuid and systemd (up to 1,879,048,191).
constexpr uid_t kFirstId = 2'000'000'000;
constexpr std::uint32_t kIdCount = 65'536;
constexpr uid_t kNobody = 65'534;

// In a container with mapped ids the far range may not exist.
bool is_mapped(uid_t first, std::uint32_t count) {
  std::ifstream map("/proc/self/uid_map");
  std::uint64_t inside = 0, outside = 0, length = 0;
  while (map >> inside >> outside >> length) {
    if (first >= inside && first + std::uint64_t{count} <= inside + length) return true;
  }
  return false;
}

Result<void> enter_user_namespace() {
  const auto uid = ::geteuid();
  const auto gid = ::getegid();
  if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
    auto error = fail_errno("unshare a user namespace", errno);
    error.error().message += " (run as root, or allow unprivileged user namespaces: sysctl "
                             "kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0)";
    return error;
  }
  GUST_CHECK(write_control("/proc/self/setgroups", "deny"));
  GUST_CHECK(write_control("/proc/self/uid_map", fmt::format("{} {} 1", kMappedId, uid)));
  return write_control("/proc/self/gid_map", fmt::format("{} {} 1", kMappedId, gid));
}

}  // namespace

Result<UserRange> UserRange::enter() {
  UserRange range;
  if (::geteuid() != 0) {
    GUST_CHECK(enter_user_namespace());
    range.privilege_ = Privilege::kUserNamespace;
    range.base_ = kMappedId;
    return range;
  }
  if (::unshare(CLONE_NEWNS) < 0) return fail_errno("unshare the mount namespace", errno);
  const bool far = is_mapped(kFirstId, kIdCount);
  range.base_ = far ? kFirstId : kNobody;
  range.count_ = far ? kIdCount : 1;
  return range;
}

UserIds UserRange::of_slot(std::uint32_t slot) const {
  const uid_t id = base_ + slot % count_;
  return {id, id};
}

}  // namespace gust::sandbox::launcher
