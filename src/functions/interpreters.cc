#include "functions/interpreters.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace gust::functions {
namespace {

constexpr const char* kJava = "/usr/bin/java";
constexpr const char* kRuby = "/usr/bin/ruby";

// The heap is most of the memory, the rest is for code, threads and metadata. One collector thread and the first
// compiler only: functions are short and often have less than a core. The version goes to the log, as the newest that
// the host has runs whatever the name of the runtime.
std::vector<std::string> java_argv(const Function& function) {
  const auto heap_mb = std::max(48U, function.memory_mb * 6 / 10);
  return {kJava,
          fmt::format("-Xmx{}m", heap_mb),
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-Xshare:auto",
          "-showversion",
          "-cp",
          "/var/runtime/lib/*",
          "com.amazonaws.services.lambda.runtime.api.client.AWSLambda",
          function.handler};
}

// runtimes/install puts them all into one folder.
std::string beside(const std::string& runtime_folder, const char* name) {
  return (std::filesystem::path(runtime_folder).parent_path() / name).string();
}

}  // namespace

Start start_of(const Function& function, const InvokerSettings& settings) {
  const auto& runtime = function.runtime;
  if (runtime.starts_with("python")) return {{settings.python, "/var/runtime/bootstrap.py"}, settings.python_runtime};
  if (runtime.starts_with("nodejs")) return {{settings.node, "/var/runtime/bootstrap.mjs"}, settings.node_runtime};
  if (runtime.starts_with("ruby"))
    return {{kRuby, "/var/runtime/bootstrap.rb"}, beside(settings.python_runtime, "ruby")};
  if (runtime.starts_with("java")) return {java_argv(function), beside(settings.python_runtime, "java")};
  return {{"/var/task/bootstrap"}, ""};
}

std::optional<std::string> missing_interpreter(const std::string& runtime) {
  const auto lacks = [&](const char* program, const char* package) -> std::optional<std::string> {
    std::error_code ignored;
    if (std::filesystem::exists(program, ignored)) return std::nullopt;
    return fmt::format("The runtime {} needs {}, which this host lacks: apt-get install {}, then runtimes/install",
                       runtime, program, package);
  };
  if (runtime.starts_with("java")) return lacks(kJava, "default-jre-headless");
  if (runtime.starts_with("ruby")) return lacks(kRuby, "ruby");
  return std::nullopt;
}

}  // namespace gust::functions
