#include "sandbox/linux/spawn.h"

#include <fmt/format.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <spawn.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gust::sandbox {

namespace {

constexpr int kSocketInLauncher = 3;

Result<void> check(const LinuxSettings& settings) {
  if (::access(settings.launcher.c_str(), X_OK) < 0) {
    return fail(Code::kUnavailable,
                fmt::format("gust-launcher is not at {}: {} (build it beside gust, or install the package again)",
                            settings.launcher, std::strerror(errno)));
  }
  std::error_code ignored;
  if (std::filesystem::is_directory(settings.scratch, ignored)) return {};
  return fail(Code::kInvalid, fmt::format("the launcher's scratch folder '{}' is not a folder", settings.scratch));
}

std::vector<std::string> command_line(const LinuxSettings& settings) {
  std::vector<std::string> arguments{settings.launcher, "--socket-fd", std::to_string(kSocketInLauncher), "--scratch",
                                     std::filesystem::canonical(settings.scratch).string()};
  for (const auto& folder : settings.show) {
    arguments.push_back("--show");
    arguments.push_back(folder);
  }
  return arguments;
}

int spawn(Process& process, const std::string& program, int socket, char** argv) {
  char* no_environment[] = {nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, socket, kSocketInLauncher);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  // A session of its own: Ctrl-C is for the daemon, which lets invocations finish first.
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
  const int error = ::posix_spawn(&process.pid, program.c_str(), &actions, &attributes, argv, no_environment);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error;
}

}  // namespace

Result<Process> spawn_launcher(const LinuxSettings& settings, int socket) {
  GUST_CHECK(check(settings));
  auto arguments = command_line(settings);
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  Process process;
  if (const int error = spawn(process, settings.launcher, socket, argv.data()); error != 0) {
    return fail_errno("start " + settings.launcher, error);
  }
  process.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
  if (!process.pidfd) return fail_errno("pidfd_open", errno);
  return process;
}

}  // namespace gust::sandbox
