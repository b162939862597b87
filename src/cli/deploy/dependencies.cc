#include "cli/deploy/dependencies.h"

#include "cli/deploy/tool.h"
#include "codec/digest.h"
#include "codec/json.h"

#include <fmt/format.h>

#include <filesystem>
#include <functional>
#include <sstream>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kSandboxPython = "/usr/bin/python3";

bool asks_for_packages(const std::string& requirements) {
  std::istringstream lines(requirements);
  for (std::string line; std::getline(lines, line);) {
    const auto first = line.find_first_not_of(" \t\r");
    if (first != std::string::npos && line[first] != '#') return true;
  }
  return false;
}

bool has_dependencies(const std::string& package_json) {
  const auto parsed = codec::parse_json(package_json);
  if (!parsed || !parsed->is_object()) return false;
  const auto* dependencies = parsed->get_object().if_contains("dependencies");
  return dependencies != nullptr && dependencies->is_object() && !dependencies->get_object().empty();
}

struct Recipe {
  std::string key;                     // what the result depends on
  std::vector<std::string> manifests;  // copied into the build folder
  std::function<Result<void>(const std::string& folder, const std::string& log)> install;
  std::string title;
};

// Functions run on the sandbox's Python; another pip may install for it, from wheels only.
Result<void> pip_install(const std::string& folder, const std::string& log) {
  std::vector<std::string> words;
  if (run_tool({{kSandboxPython, "-m", "pip", "--version"}, folder, log}) == 0) {
    words = {kSandboxPython, "-m", "pip", "install"};
  } else {
    run_tool({{kSandboxPython, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"}, folder, log});
    auto version = read_text(log);
    version = version.substr(0, version.find('\n'));
    words = {"python3", "-m", "pip", "install", "--only-binary=:all:", "--python-version", version};
  }
  for (const auto* word :
       {"--quiet", "--disable-pip-version-check", "--no-input", "-r", "requirements.txt", "--target", "."}) {
    words.emplace_back(word);
  }
  if (const int status = run_tool({words, folder, log}); status != 0)
    return tool_failed("pip", "apt-get install python3-pip", status, log);
  return {};
}

Result<void> npm_install(const std::string& folder, const std::string& log) {
  const bool locked = fs::exists(fs::path(folder) / "package-lock.json");
  const std::vector<std::string> words = {"npm",     locked ? "ci" : "install", "--omit=dev", "--no-audit", "--no-fund",
                                          "--silent"};
  if (const int status = run_tool({words, folder, log}); status != 0)
    return tool_failed("npm", "apt-get install npm", status, log);
  return {};
}

std::optional<Recipe> recipe_for(const fs::path& source, const std::string& runtime) {
  if (runtime.starts_with("python")) {
    const auto requirements = read_text(source / "requirements.txt");
    if (!asks_for_packages(requirements)) return std::nullopt;
    return Recipe{"pip\n" + requirements, {"requirements.txt"}, pip_install, "pip install"};
  }
  if (!runtime.starts_with("nodejs") || fs::exists(source / "node_modules")) return std::nullopt;
  const auto manifest = read_text(source / "package.json");
  if (!has_dependencies(manifest)) return std::nullopt;
  return Recipe{"npm\n" + manifest + read_text(source / "package-lock.json"),
                {"package.json", "package-lock.json"},
                npm_install,
                "npm install"};
}

}  // namespace

Result<std::string> install_dependencies(const std::string& source, const std::string& runtime,
                                         const std::string& build_folder, const Progress& progress) {
  const auto recipe = recipe_for(source, runtime);
  if (!recipe) return std::string();
  const auto key = codec::sha256_hex(recipe->key + runtime).substr(0, 16);
  const fs::path done = fs::path(build_folder) / fmt::format("deps-{}", key);
  if (fs::exists(done)) return done.string();
  progress(fmt::format("{} for {}", recipe->title, fs::path(source).filename().string()));
  // Of this process alone: another may deploy the same folder.
  const fs::path work = fmt::format("{}.{}", done.string(), ::getpid());
  const auto log = work.string() + ".log";
  std::error_code problem;
  fs::remove_all(work, problem);
  fs::create_directories(work, problem);
  for (const auto& manifest : recipe->manifests) {
    if (fs::exists(fs::path(source) / manifest)) fs::copy_file(fs::path(source) / manifest, work / manifest, problem);
  }
  if (problem)
    return fail(Code::kDenied, fmt::format("cannot write {}: {}", work.string(), problem.message()), "build");
  if (const auto installed = recipe->install(work.string(), log); !installed) {
    fs::remove_all(work, problem);
    return std::unexpected(installed.error());
  }
  fs::remove(log, problem);
  fs::rename(work, done, problem);
  if (problem && fs::exists(done)) {  // the other was quicker
    problem.clear();
    fs::remove_all(work, problem);
  }
  if (problem)
    return fail(Code::kDenied, fmt::format("cannot write {}: {}", done.string(), problem.message()), "build");
  return done.string();
}

}  // namespace gust::cli
