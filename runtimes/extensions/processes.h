// processes: starting programs, and saying how they ended as the function service does.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace gust::extensions {

// The program of argv[0], with these variables (NAME=VALUE), its output going to `output` where that is not -1. Its
// process, or -1 and what failed, as "fork/exec /opt/extensions/x: permission denied".
pid_t start(const std::vector<std::string>& argv, const std::vector<std::string>& environment, int output,
            std::string& error);

// "exit status 1" or "signal: killed", of what waitpid() told.
std::string describe(int status);

// Ends this process as that one ended.
[[noreturn]] void end_like(int status);

}  // namespace gust::extensions
