#include "cli/debug/debug.h"

#include "cli/cli.h"
#include "cli/debug/runners.h"
#include "codec/json.h"
#include "codec/url.h"

#include <archive.h>
#include <archive_entry.h>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <vector>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

// A folder that ends with this.
class Scratch {
 public:
  Scratch() {
    std::string name = (fs::temp_directory_path() / "gust-debug-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Scratch() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

// What a debugger speaks, and what runs it.
struct Debugger {
  std::string program, runner;
  std::string_view source;
  int port = 0;
  std::string type;  // in a launch.json
};

Result<Debugger> debugger_for(const std::string& runtime) {
  if (runtime.starts_with("python")) return Debugger{"python3", "run.py", kPythonRunner, 5678, "debugpy"};
  if (runtime.starts_with("nodejs")) return Debugger{"node", "run.mjs", kNodeRunner, 9229, "node"};
  return fail(Code::kInvalid,
              fmt::format("functions of {} cannot be debugged here, only those of Python and Node.js", runtime),
              "runtime");
}

struct Sink {
  archive* handle = nullptr;
  ~Sink() { archive_free(handle); }
};

// Nothing is written outside `folder`.
Result<void> unzip(const std::string& bytes, const fs::path& folder) {
  const Sink in{archive_read_new()}, out{archive_write_disk_new()};
  archive_read_support_format_zip(in.handle);
  archive_write_disk_set_options(out.handle, ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_SECURE_SYMLINKS |
                                                 ARCHIVE_EXTRACT_SECURE_NODOTDOT);
  const auto wrong = [&](archive* of) {
    const char* const why = archive_error_string(of);
    return fail(Code::kCorrupt, fmt::format("unpacking the code: {}", why == nullptr ? "failed" : why), "code");
  };
  if (archive_read_open_memory(in.handle, bytes.data(), bytes.size()) != ARCHIVE_OK) return wrong(in.handle);
  archive_entry* entry = nullptr;
  for (int got; (got = archive_read_next_header(in.handle, &entry)) != ARCHIVE_EOF;) {
    if (got < ARCHIVE_WARN) return wrong(in.handle);
    const std::string name = archive_entry_pathname(entry);
    if (name.starts_with('/')) return fail(Code::kCorrupt, "the code has absolute paths", "code");
    archive_entry_set_pathname(entry, (folder / name).c_str());
    if (archive_read_extract2(in.handle, entry, out.handle) < ARCHIVE_WARN) return wrong(out.handle);
  }
  return {};
}

Result<void> write(const fs::path& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) return fail(Code::kUnavailable, fmt::format("{} cannot be written", path.string()), "folder");
  return {};
}

Result<std::string> download(Remote& remote, const std::string& location) {
  const auto path = location.find('/', location.find("//") + 2);
  const auto question = std::min(location.find('?'), location.size());
  Call call{.path = location.substr(path, question - path)};
  if (question < location.size()) call.query = location.substr(question + 1);
  GUST_TRY(const auto answer, expect_ok(remote.send(call), "download the code"));
  return answer.body;
}

std::string context_of(const json::value& configuration, const std::string& id) {
  const auto name = member(configuration, "FunctionName");
  const auto* logging = configuration.get_object().if_contains("LoggingConfig");
  const auto group = logging != nullptr ? member(*logging, "LogGroup") : "/aws/lambda/" + name;
  const auto number = [&](const char* key) { return std::atoi(member(configuration, key).c_str()); };
  return codec::to_json(json::object{{"function_name", name},
                                     {"function_version", member(configuration, "Version")},
                                     {"invoked_function_arn", member(configuration, "FunctionArn")},
                                     {"memory_limit_in_mb", number("MemorySize")},
                                     {"aws_request_id", id},
                                     {"log_group_name", group},
                                     {"log_stream_name", "debug"},
                                     {"timeout_s", number("Timeout")}});
}

// The function's own environment, with keys and the address of this Gust.
Result<std::vector<std::string>> environment_of(const Session& session, const json::value& configuration) {
  std::map<std::string, std::string> all;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string_view one(*at);
    all[std::string(one.substr(0, one.find('=')))] = one.substr(std::min(one.find('=') + 1, one.size()));
  }
  const auto* environment = configuration.get_object().if_contains("Environment");
  const auto* variables =
      environment != nullptr && environment->is_object() ? environment->get_object().if_contains("Variables") : nullptr;
  if (variables != nullptr && variables->is_object()) {
    for (const auto& [name, value] : variables->get_object()) all[std::string(name)] = value.as_string();
  }
  GUST_TRY(const auto endpoint, session.find_endpoint());
  GUST_TRY(const auto keys, session.find_keys());
  all["AWS_ENDPOINT_URL"] = endpoint.url();
  all["AWS_ACCESS_KEY_ID"] = keys.access_key_id;
  all["AWS_SECRET_ACCESS_KEY"] = keys.secret;
  if (!keys.session_token.empty()) all["AWS_SESSION_TOKEN"] = keys.session_token;
  all["AWS_REGION"] = all["AWS_DEFAULT_REGION"] = session.find_region();
  all["AWS_LAMBDA_FUNCTION_NAME"] = member(configuration, "FunctionName");
  all["AWS_LAMBDA_FUNCTION_VERSION"] = member(configuration, "Version");
  all["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = member(configuration, "MemorySize");
  std::vector<std::string> out;
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

Result<int> run(const std::vector<std::string>& words, const std::vector<std::string>& environment) {
  const auto pointers = [](const std::vector<std::string>& texts) {
    std::vector<char*> out;
    for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
    out.push_back(nullptr);
    return out;
  };
  std::signal(SIGINT, [](int) {});  // Ctrl-C is the child's, which tells by its end
  auto arguments = pointers(words), variables = pointers(environment);
  pid_t child = 0;
  const int wrong = ::posix_spawnp(&child, words.front().c_str(), nullptr, nullptr, arguments.data(), variables.data());
  if (wrong != 0) return fail_errno(fmt::format("starting {}", words.front()), wrong);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (WTERMSIG(status) == SIGINT) return kFailed;
  return fail(Code::kUnavailable, fmt::format("{} ended by signal {} ({})", words.front(), WTERMSIG(status),
                                           ::strsignal(WTERMSIG(status))),
              "debug");
}

// How an editor is attached, as people paste it.
void tell(Session& session, const Debugger& debugger, const fs::path& code, int port, bool own_code) {
  json::object attach{{"name", "Gust replay"}, {"type", debugger.type}, {"request", "attach"}};
  if (debugger.type == "debugpy") {
    attach["connect"] = json::object{{"host", "127.0.0.1"}, {"port", port}};
    attach["justMyCode"] = false;
    if (!own_code) {
      const json::object mapping{{"localRoot", "${workspaceFolder}"}, {"remoteRoot", code.string()}};
      attach["pathMappings"] = json::array{mapping};
    }
  } else {
    attach["address"] = "127.0.0.1";
    attach["port"] = port;
    if (!own_code) {
      attach["localRoot"] = "${workspaceFolder}";
      attach["remoteRoot"] = code.string();
    }
  }
  session.terminal.line(
      fmt::format("The code is in {}; a debugger is waited for at 127.0.0.1:{}.", code.string(), port));
  session.terminal.line("In VS Code, as a configuration of .vscode/launch.json:");
  session.terminal.line(codec::to_json(attach));
  session.terminal.line("It stops on the handler's first line; Ctrl-C ends it.");
}

}  // namespace

Result<int> debug_event(Session& session, const DebugOptions& options) {
  GUST_TRY(const auto remote, session.connect());
  GUST_TRY(const auto event, admin(*remote, "GET", "/_gust/events/" + codec::percent_encode(options.id), "",
                                   fmt::format("find {}", options.id)));
  if (!event.get_object().contains("payload"))
    return fail(Code::kTooLarge, "that event was too large to be kept", "event");
  const auto qualifier = options.version.empty() ? member(event, "qualifier") : options.version;
  Call call{.service = "lambda",
            .path = "/2015-03-31/functions/" + codec::percent_encode(member(event, "function")),
            .query = qualifier.empty() ? "" : "Qualifier=" + codec::percent_encode(qualifier)};
  GUST_TRY(const auto answer, expect_ok(remote->send(call), "find the function"));
  GUST_TRY(const auto function, codec::parse_json(answer.body));
  const auto configuration = function.at("Configuration");
  GUST_TRY(const auto debugger, debugger_for(member(configuration, "Runtime")));
  const Scratch scratch;
  fs::path code = options.code.empty() ? scratch.path() / "code" : fs::absolute(options.code);
  if (options.code.empty()) {
    GUST_TRY(const auto zip, download(*remote, member(function.at("Code"), "Location")));
    fs::create_directory(code);
    GUST_CHECK(unzip(zip, code));
  }
  GUST_CHECK(write(scratch.path() / debugger.runner, debugger.source));
  GUST_CHECK(write(scratch.path() / "event.json", member(event, "payload")));
  GUST_CHECK(write(scratch.path() / "context.json", context_of(configuration, options.id)));
  GUST_TRY(const auto environment, environment_of(session, configuration));
  const auto port = options.port == 0 ? debugger.port : options.port;
  tell(session, debugger, code, port, !options.code.empty());
  const auto in = [&](const std::string& name) { return (scratch.path() / name).string(); };
  return run({debugger.program, in(debugger.runner), code.string(), member(configuration, "Handler"), in("event.json"),
              in("context.json"), std::to_string(port)},
             environment);
}

}  // namespace gust::cli
