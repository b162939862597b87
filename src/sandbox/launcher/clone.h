// clone3 with every namespace that a sandbox gets. Part of gust-launcher; single-threaded.
#pragma once

#include "base/result.h"
#include "sandbox/fd.h"

#include <sys/types.h>

namespace gust::sandbox::launcher {

struct Child {
  pid_t pid = 0;  // 0 in the child
  Fd pidfd;
};

enum class Network { kOwn, kLater };  // a namespace of its own; the launcher's, until it enters another

// Like fork, into new pid, mount, ipc and uts namespaces, and into the cgroup v2 folder `group` unless it is -1.
Result<Child> clone_into_namespaces(int group, Network network);

}  // namespace gust::sandbox::launcher
