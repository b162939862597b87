#include "cli/deploy/tool.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;  // NOLINT: the environment that a child gets

namespace gust::cli {
namespace {

constexpr std::size_t kTail = 1500;

std::vector<std::string> environment_with(const std::vector<std::string>& more) {
  auto out = more;
  const auto is_given = [&](std::string_view variable) {
    const auto name = variable.substr(0, variable.find('=') + 1);
    return std::ranges::any_of(more, [&](const auto& each) { return each.starts_with(name); });
  };
  for (char** each = environ; *each != nullptr; ++each) {
    if (!is_given(*each)) out.emplace_back(*each);
  }
  return out;
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string tail(const std::string& path) {
  const auto text = read_text(path);
  return text.size() <= kTail ? text : "..." + text.substr(text.size() - kTail);
}

}  // namespace

std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

int run_tool(const ToolRun& run) {
  auto words = run.words, environment = environment_with(run.environment);
  const auto argv = pointers_to(words), variables = pointers_to(environment);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, run.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  posix_spawn_file_actions_adddup2(&actions, 1, 2);
  posix_spawn_file_actions_addchdir_np(&actions, run.folder.c_str());
  pid_t child = 0;
  const int problem = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  if (problem != 0) return kNoTool;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

std::unexpected<Error> tool_failed(std::string_view tool, std::string_view install, int status,
                                   const std::string& log) {
  if (status == kNoTool)
    return fail(Code::kUnavailable, fmt::format("{} is not installed; {}", tool, install), "build");
  return fail(Code::kUnavailable, fmt::format("{} failed with {}; its log is {}:\n{}", tool, status, log, tail(log)),
              "build");
}

}  // namespace gust::cli
