// supervisor PROGRAM [ARGUMENT]...: starts the extensions of /opt/extensions, and when all have registered PROGRAM, the
// function's runtime. Tells Gust what ends, passes on telemetry, and ends them when Gust says so
// (docs/formats/extensions.md). Ends as the runtime ended.
#include "http_connection.h"
#include "processes.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace gust::extensions {
namespace {

using aws::lambda_runtime::http_connection;
using aws::lambda_runtime::http_reply;
using Clock = std::chrono::steady_clock;

constexpr const char* kFolder = "/opt/extensions";
constexpr std::string_view kPrefix = "/gust/extensions/";
constexpr std::chrono::milliseconds kRuntimeEnds{300}, kAllEnd{1900};  // 300 and 2,000 altogether: documented
constexpr int kOk = 200, kFailed = 1;
// What an extension is not told, as on the service.
constexpr std::array kOfTheRuntime = {
    "AWS_EXECUTION_ENV=",  "AWS_LAMBDA_LOG_GROUP_NAME=", "AWS_LAMBDA_LOG_STREAM_NAME=",
    "LAMBDA_RUNTIME_DIR=", "LAMBDA_TASK_ROOT=",          "_HANDLER="};

std::string api() {
  const char* given = std::getenv("AWS_LAMBDA_RUNTIME_API");
  return given == nullptr ? "" : given;
}

http_reply ask(http_connection& gust, std::string_view method, std::string_view what,
               const aws::lambda_runtime::http_headers& headers = {}, std::string_view body = {}) {
  return gust.request(method, std::string(kPrefix).append(what), headers, body);
}

std::vector<std::string> executables() {
  std::vector<std::string> names;
  DIR* const folder = ::opendir(kFolder);
  while (const auto* entry = folder != nullptr ? ::readdir(folder) : nullptr) {
    struct stat status;
    const auto path = std::string(kFolder) + "/" + entry->d_name;
    if (::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode)) names.emplace_back(entry->d_name);
  }
  if (folder != nullptr) ::closedir(folder);
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> environment(bool of_extension) {
  std::vector<std::string> out;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const auto begins = [&](const char* name) { return std::strncmp(*variable, name, std::strlen(name)) == 0; };
    if (!of_extension || std::none_of(kOfTheRuntime.begin(), kOfTheRuntime.end(), begins)) out.emplace_back(*variable);
  }
  return out;
}

class Supervisor {
 public:
  [[noreturn]] void run(std::vector<std::string> program) {
    const auto names = executables();
    std::string list;
    for (const auto& name : names) list += name + "\n";
    http_connection gust(api());
    if (ask(gust, "POST", "names", {}, list).status != kOk) std::exit(kFailed);
    start_extensions(names);
    std::thread([this] { pass_output(); }).detach();
    std::thread([this] { reap(); }).detach();
    std::thread([] { deliver(); }).detach();
    if (ask(gust, "GET", "registered").status != kOk) wait_for_the_end();
    std::string error;
    {
      const std::lock_guard lock(mutex_);
      runtime_ = start(program, environment(false), -1, error);
    }
    if (runtime_ < 0) tell_failure("", "Runtime.InvalidEntrypoint", error);
    if (ask(gust, "GET", "terminate").status == kOk) std::thread([this] { shut_down(); }).detach();
    wait_for_the_end();
  }

 private:
  [[noreturn]] static void wait_for_the_end() {
    for (;;) ::pause();
  }

  // Gust ends this sandbox then.
  static void tell_failure(const std::string& name, const std::string& type, const std::string& text) {
    http_connection gust(api());
    ask(gust, "POST", "failed", {{"Gust-Extension", name}, {"Gust-Error-Type", type}}, text);
  }

  void start_extensions(const std::vector<std::string>& names) {
    int output[2];
    if (::pipe2(output, O_CLOEXEC) < 0) std::exit(kFailed);
    output_ = output[0];
    const std::lock_guard lock(mutex_);
    for (const auto& name : names) {
      std::string error;
      const pid_t child = start({std::string(kFolder) + "/" + name}, environment(true), output[1], error);
      if (child < 0) {
        tell_failure(name, "Extension.LaunchError", error);
      } else {
        extensions_[child] = name;
      }
    }
    ::close(output[1]);
  }

  // What extensions print is told apart from what the function prints.
  void pass_output() const {
    http_connection gust(api());
    std::string piece(64 << 10, '\0');
    for (;;) {
      const auto n = ::read(output_, piece.data(), piece.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return;
      ask(gust, "POST", "output", {}, std::string_view(piece).substr(0, static_cast<std::size_t>(n)));
    }
  }

  void reap() {
    for (;;) {
      int status = 0;
      const pid_t ended = ::waitpid(-1, &status, 0);
      if (ended < 0) {
        if (errno == EINTR) continue;
        std::this_thread::sleep_for(std::chrono::milliseconds(10));  // no child at all: the runtime comes later
        continue;
      }
      std::unique_lock lock(mutex_);
      const auto extension = extensions_.find(ended);
      if (ended == runtime_) {
        runtime_ended_ = true;
        runtime_status_ = status;
        if (!ending_) std::thread([this] { shut_down(); }).detach();
      } else if (extension != extensions_.end()) {
        const auto name = extension->second;
        extensions_.erase(extension);
        if (!ending_) {
          lock.unlock();
          tell_failure(name, "Extension.Crash", describe(status));
        }
      }
      changed_.notify_all();
    }
  }

  // Telemetry comes from Gust and goes to a port in here, which only who is in here can reach.
  static void deliver() {
    http_connection gust(api());
    std::map<std::string, std::unique_ptr<http_connection>> receivers;
    for (;;) {
      const auto batch = ask(gust, "GET", "telemetry");
      if (batch.status != kOk) return;
      const auto port = batch.header("gust-port");
      auto& receiver = receivers[port];
      if (!receiver) receiver = std::make_unique<http_connection>("127.0.0.1:" + port);
      const auto reply =
          receiver->request("POST", batch.header("gust-path"), {{"Content-Type", "application/json"}}, batch.body);
      if (reply.status == -1) receiver.reset();
    }
  }

  void shut_down() {
    std::unique_lock lock(mutex_);
    if (std::exchange(ending_, true)) return;
    const auto last = Clock::now() + kAllEnd;
    const bool by_itself = runtime_ended_;
    if (runtime_ > 0 && !runtime_ended_) {
      ::kill(runtime_, SIGTERM);
      changed_.wait_for(lock, kRuntimeEnds, [this] { return runtime_ended_; });
      if (!runtime_ended_) ::kill(runtime_, SIGKILL);
    }
    lock.unlock();
    http_connection gust(api());
    ask(gust, "POST", "runtime-ended");
    lock.lock();
    changed_.wait_until(lock, last, [this] { return extensions_.empty(); });
    if (by_itself) end_like(runtime_status_);
    ::_exit(0);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<pid_t, std::string> extensions_;  // that run
  pid_t runtime_ = 0;
  bool runtime_ended_ = false, ending_ = false;
  int runtime_status_ = 0, output_ = -1;
};

}  // namespace
}  // namespace gust::extensions

int main(int count, char** arguments) {
  static gust::extensions::Supervisor supervisor;
  supervisor.run({arguments + 1, arguments + count});
}
