// The system calls that a sandbox may make: an allow-list, compiled once at the launcher's start and loaded in each
// sandbox. Part of gust-launcher; single-threaded.
#pragma once

#include "base/result.h"

#include <linux/filter.h>

#include <vector>

namespace gust::sandbox::launcher {

// The program for this machine's own architecture; a call of another one kills the process.
Result<std::vector<sock_filter>> compile_seccomp_filter();

// Loads it into this process for good; needs no_new_privs.
Result<void> load_seccomp_filter(const std::vector<sock_filter>& program);

}  // namespace gust::sandbox::launcher
