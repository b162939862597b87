// Programs of the machine's that build something: pip, npm, make. Blocking.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::cli {

struct ToolRun {
  std::vector<std::string> words;
  std::string folder;                          // that it runs in
  std::string log;                             // a file for what it says
  std::vector<std::string> environment = {};   // NAME=VALUE, over what this process has
};

inline constexpr int kNoTool = 127;

// To its end. Answers its exit status, kNoTool when it is not there, 128 when a signal ended it.
int run_tool(const ToolRun& run);

// kUnavailable "build", with the end of the log; `install` says how the tool comes here.
std::unexpected<Error> tool_failed(std::string_view tool, std::string_view install, int status, const std::string& log);

std::string read_text(const std::string& path);  // empty when it cannot be read

}  // namespace gust::cli
