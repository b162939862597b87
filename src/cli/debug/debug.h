// An event under a debugger: the function's code on this machine, outside a sandbox, waiting with a breakpoint on the
// handler's first line. Python (debugpy) and Node.js. Blocking.
#pragma once

#include "cli/session.h"

#include <string>

namespace gust::cli {

struct DebugOptions {
  std::string id;       // of the kept event
  std::string version;  // or an alias; empty: as it was called
  std::string code;     // a folder with the code as it is now; empty: that of the version
  int port = 0;         // 0: 5678 of debugpy, 9229 of Node.js
};

// Ends with the handler; answers its exit code. kInvalid "runtime" for other runtimes; kUnavailable when the
// interpreter is not there.
Result<int> debug_event(Session& session, const DebugOptions& options);

}  // namespace gust::cli
