// The daemon: opens the data folder, wires every module to the others, serves until it is told to end.
#pragma once

#include "config/settings.h"

namespace gust::daemon {

// Runs in the foreground; SIGINT and SIGTERM end it once running requests have finished (10 s at most), a second one at
// once. Answers the process's exit code: 0 after a clean end, 1 when it could not start; the reason is on stderr.
int run(const config::Settings& settings);

}  // namespace gust::daemon
