// Puts folders into a sandbox that runs already. The launcher enters the sandbox's mount namespace for a moment and
// comes back. Part of gust-launcher; single-threaded.
#pragma once

#include "base/result.h"
#include "sandbox/fd.h"
#include "sandbox/sandbox.h"

#include <vector>

namespace gust::sandbox::launcher {

// Where the launcher itself stands: its mount namespace, root and working folder.
struct OwnPlace {
  Fd mounts, root, working;

  static Result<OwnPlace> remember();
  // Back there from another mount namespace; ends the program when that cannot be, since it would stand in a sandbox.
  void come_back() const;
};

// Mounts read-only, without devices and set-user-id programs, and gives /tmp its size. The targets must exist.
Result<void> specialise_mounts(const OwnPlace& own, const Fd& mount_namespace, const Specialisation& to);

// In the sandbox's mount namespace; inside_mounts.cc.
Result<void> resize_tmp(std::uint64_t bytes);

}  // namespace gust::sandbox::launcher
