// gust console.
#include "cli/commands/commands.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <cstdlib>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

extern char** environ;  // NOLINT: posix_spawn asks for it

namespace gust::cli {
namespace {

// Whether a browser took the address. What xdg-open says goes nowhere.
bool open_in_browser(const std::string& url) {
  if (std::getenv("DISPLAY") == nullptr && std::getenv("WAYLAND_DISPLAY") == nullptr) return false;
  posix_spawn_file_actions_t quiet;
  posix_spawn_file_actions_init(&quiet);
  posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
  std::string program = "xdg-open", address = url;
  char* arguments[] = {program.data(), address.data(), nullptr};
  pid_t child = 0;
  int status = 1;
  const bool started = ::posix_spawnp(&child, program.c_str(), &quiet, nullptr, arguments, environ) == 0;
  posix_spawn_file_actions_destroy(&quiet);
  if (started) ::waitpid(child, &status, 0);
  return started && status == 0;
}

}  // namespace

int console_command(Session& session, ConsoleOpen open) {
  auto remote = session.connect();
  if (!remote) return session.failed(remote.error());
  const auto made = admin(**remote, "POST", "/_gust/console/link", "", "asking for a link to the console");
  if (!made) return session.failed(made.error());
  if (session.output == Output::kJson) {
    session.json(*made);
    return 0;
  }
  const auto url = member(*made, "url");
  const bool opened = open == ConsoleOpen::kBrowser && session.terminal.interactive() && open_in_browser(url);
  session.terminal.line(url);
  session.terminal.progress(opened ? "opened in your browser"
                                   : "Open it within a minute; it signs in once. The console itself stays at /_gust/.");
  return 0;
}

}  // namespace gust::cli
