// For tests only: a child that writes, acknowledges each write on a pipe, and is killed in the middle. The child is
// this test program again, told by the environment to run one test, named DISABLED_Child; so no thread crosses a fork.
#pragma once

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace gust::kv::testing {

inline constexpr const char* kFolder = "GUST_CRASH_FOLDER";
inline constexpr const char* kAcknowledge = "GUST_CRASH_PIPE";

// In the child: the folder to write to.
inline std::string child_folder() { return std::getenv(kFolder); }
// In the child: one line, written at once.
inline void acknowledge(const std::string& line) {
  const auto whole = line + "\n";
  const int fd = std::atoi(std::getenv(kAcknowledge));
  if (::write(fd, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) ::_exit(1);
}

// Runs <suite>.DISABLED_Child on `folder`, kills it when it has acknowledged `count` writes, and answers every line
// that it acknowledged. The last test of a process that is not killed runs for ever.
inline std::vector<std::string> run_until_killed(const std::string& suite, const std::string& folder,
                                                 std::size_t count) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  ::setenv(kFolder, folder.c_str(), 1);
  ::setenv(kAcknowledge, std::to_string(ends[1]).c_str(), 1);
  std::string program = "/proc/self/exe", filter = "--gtest_filter=" + suite + ".DISABLED_Child",
              disabled = "--gtest_also_run_disabled_tests";
  char* arguments[] = {program.data(), filter.data(), disabled.data(), nullptr};
  pid_t child = 0;
  EXPECT_EQ(::posix_spawn(&child, program.c_str(), nullptr, nullptr, arguments, environ), 0);
  ::close(ends[1]);
  std::string text;
  std::vector<char> piece(4096);
  for (std::size_t lines = 0;;) {
    const auto n = ::read(ends[0], piece.data(), piece.size());
    if (n <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(n));
    for (ssize_t i = 0; i < n; ++i) lines += piece[static_cast<std::size_t>(i)] == '\n' ? 1 : 0;
    if (lines >= count) ::kill(child, SIGKILL);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << "the child ended by itself: " << status;
  ::close(ends[0]);
  std::vector<std::string> out;
  for (std::size_t at = 0, end; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
    out.push_back(text.substr(at, end - at));
  return out;
}

}  // namespace gust::kv::testing
