// Outlet: the way out of a sandbox whose settings say so. A slirp4netns process beside it speaks TCP and UDP for what
// leaves its network namespace, as the host's own programs would; the host's loopback stays out of reach. Part of
// gust-launcher; single-threaded.
#pragma once

#include "sandbox/fd.h"

#include <sys/types.h>

namespace gust::sandbox::launcher {

class Outlet {
 public:
  Outlet() = default;
  ~Outlet();  // ends it
  Outlet(const Outlet&) = delete;

  // Into the network namespace of `sandbox`; returns when it works. kUnsupported where slirp4netns is not installed.
  Result<void> open(pid_t sandbox);

 private:
  pid_t pid_ = -1;
  Fd exit_;  // slirp4netns ends when this does, so also when the launcher dies
};

}  // namespace gust::sandbox::launcher
