// Starts the gust-launcher program, without copying the daemon's memory. Loop thread only.
#pragma once

#include "base/result.h"
#include "sandbox/fd.h"

#include <string>
#include <sys/types.h>
#include <vector>

namespace gust::sandbox {

struct LinuxSettings {
  std::string launcher;           // path of gust-launcher
  std::string scratch;            // an existing folder of this daemon's own, e.g. <data>/sandbox
  std::vector<std::string> show;  // further folders of the host, shown read-only at their own path
};

struct Process {
  pid_t pid = 0;
  Fd pidfd;
};

// The launcher gets `socket` as its descriptor 3, our stderr, no environment, and a session of its own.
Result<Process> spawn_launcher(const LinuxSettings& settings, int socket);

}  // namespace gust::sandbox
