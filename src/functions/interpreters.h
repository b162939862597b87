// What of the host a runtime runs on: which interpreter, where the runtime's own folder is, how it is started. Any
// thread; only missing_interpreter looks at the disk.
#pragma once

#include "functions/function.h"
#include "functions/invoker.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::functions {

struct Start {
  std::vector<std::string> argv;  // as seen inside
  std::string runtime_folder;     // of the host, for /var/runtime; empty for custom runtimes
};

// How a function of a runtime that check_runtime let pass is started.
Start start_of(const Function& function, const InvokerSettings& settings);

// Where the host has no interpreter for `runtime`: what to tell the user, naming Debian's package.
std::optional<std::string> missing_interpreter(const std::string& runtime);

}  // namespace gust::functions
