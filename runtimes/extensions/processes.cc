#include "processes.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace gust::extensions {
namespace {

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

pid_t start(const std::vector<std::string>& argv, const std::vector<std::string>& environment, int output,
            std::string& error) {
  const auto arguments = pointers_to(argv), variables = pointers_to(environment);
  const auto failed = [&](int number) {
    error = "fork/exec " + argv[0] + ": " + lower(std::strerror(number));
    return -1;
  };
  int told[2];  // the error number of a failed exec
  if (::pipe2(told, O_CLOEXEC) < 0) return failed(errno);
  const pid_t child = ::fork();
  if (child == 0) {
    if (output >= 0) {
      ::dup2(output, STDOUT_FILENO);
      ::dup2(output, STDERR_FILENO);
    }
    ::execve(arguments[0], arguments.data(), variables.data());
    const int number = errno;
    (void)!::write(told[1], &number, sizeof number);
    ::_exit(127);
  }
  const int fork_error = errno;
  ::close(told[1]);
  int number = 0;
  const bool bad = child > 0 && ::read(told[0], &number, sizeof number) == sizeof number;
  ::close(told[0]);
  if (child < 0) return failed(fork_error);
  if (bad) {
    ::waitpid(child, nullptr, 0);
    return failed(number);
  }
  return child;
}

std::string describe(int status) {
  if (!WIFSIGNALED(status)) return "exit status " + std::to_string(WEXITSTATUS(status));
  return "signal: " + lower(::strsignal(WTERMSIG(status)));
}

void end_like(int status) {
  if (WIFSIGNALED(status)) {
    std::signal(WTERMSIG(status), SIG_DFL);
    ::kill(::getpid(), WTERMSIG(status));
  }
  ::_exit(WEXITSTATUS(status));
}

}  // namespace gust::extensions
