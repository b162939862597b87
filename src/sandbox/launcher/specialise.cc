#include "sandbox/launcher/specialise.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace {

// A copy of the mount at `source`, not attached anywhere yet.
Result<Fd> open_read_only(const std::string& source) {
  Fd tree(::open_tree(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE));
  if (!tree) return fail_errno("open_tree " + source, errno);
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  // Private: what the host mounts below it later is not to appear inside.
  attributes.propagation = MS_PRIVATE;
  if (::mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof(attributes)) < 0) {
    return fail_errno("mount_setattr " + source, errno);
  }
  return tree;
}

Result<void> attach_all(const std::vector<Fd>& trees, const Specialisation& to) {
  for (std::size_t i = 0; i < trees.size(); ++i) {
    const auto& target = to.read_only[i].target;
    if (::move_mount(trees[i].get(), "", AT_FDCWD, target.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
      return fail_errno("move_mount to " + target, errno);
    }
  }
  return resize_tmp(to.tmp_bytes);
}

}  // namespace

Result<OwnPlace> OwnPlace::remember() {
  OwnPlace own{Fd(::open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)), Fd(::open("/", O_PATH | O_CLOEXEC)),
               Fd(::open(".", O_PATH | O_CLOEXEC))};
  if (!own.mounts || !own.root || !own.working) return fail_errno("open the launcher's own mount namespace", errno);
  return own;
}

void OwnPlace::come_back() const {
  // setns() leaves us at the namespace's root, which is not ours when we were started in a chroot.
  if (::setns(mounts.get(), CLONE_NEWNS) == 0 && ::fchdir(root.get()) == 0 && ::chroot(".") == 0 &&
      ::fchdir(working.get()) == 0) {
    return;
  }
  fmt::print(stderr, "gust-launcher: cannot return to its own mount namespace\n");
  ::abort();
}

Result<void> specialise_mounts(const OwnPlace& own, const Fd& mount_namespace, const Specialisation& to) {
  std::vector<Fd> trees;
  for (const auto& mount : to.read_only) {
    GUST_TRY(auto tree, open_read_only(mount.source));
    trees.push_back(std::move(tree));
  }
  if (::setns(mount_namespace.get(), CLONE_NEWNS) < 0) return fail_errno("enter the sandbox's mount namespace", errno);
  const auto attached = attach_all(trees, to);
  own.come_back();
  return attached;
}

}  // namespace gust::sandbox::launcher
