#include "cli/deploy/makefile.h"

#include "cli/deploy/tool.h"
#include "cli/deploy/zip.h"
#include "config/layout.h"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>

namespace gust::cli {
namespace {

namespace fs = std::filesystem;

// Held while something is built, by one process at a time.
class BuildLock {
 public:
  explicit BuildLock(const std::string& path) : fd_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {}
  ~BuildLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  BuildLock(const BuildLock&) = delete;

  bool take() const { return fd_ >= 0 && ::flock(fd_, LOCK_EX) == 0; }

 private:
  int fd_;
};

// Where the C++ SDK's sources are, for a Makefile whose project finds none installed.
std::string native_sdk() {
  return config::find_layout(fs::read_symlink("/proc/self/exe").parent_path()).runtimes / "native";
}

}  // namespace

Result<void> zip_by_makefile(const CodeSource& code, const std::string& logical_id, const std::string& build_folder,
                             const std::string& zip_path, const Progress& progress) {
  const auto artifacts = fs::path(build_folder) / logical_id;
  const auto lock_path = artifacts.string() + ".lock", log = artifacts.string() + ".log";
  const BuildLock lock(lock_path);
  if (!lock.take()) return fail_errno("locking " + lock_path, errno);
  if (!fs::exists(fs::path(code.path) / "Makefile")) {
    return fail(Code::kInvalid,
                fmt::format("{} is built by a makefile, and {} has no Makefile", logical_id, code.path), "code");
  }
  std::error_code problem;
  fs::remove_all(artifacts, problem);
  fs::create_directories(artifacts, problem);
  if (problem)
    return fail(Code::kDenied, fmt::format("cannot make {}: {}", artifacts.string(), problem.message()), "build");
  const auto target = "build-" + logical_id;
  progress(fmt::format("make {} in {}", target, fs::path(code.path).filename().string()));
  const int status = run_tool({{"make", "--no-print-directory", target},
                               code.path,
                               log,
                               {"ARTIFACTS_DIR=" + artifacts.string(), "GUST_NATIVE_SDK=" + native_sdk()}});
  if (status != 0) return tool_failed("make", "apt-get install make", status, log);
  if (fs::is_empty(artifacts, problem)) {
    return fail(Code::kInvalid, fmt::format("make {} put nothing into $(ARTIFACTS_DIR); its log is {}", target, log),
                "code");
  }
  return zip_folders({artifacts.string()}, zip_path);
}

}  // namespace gust::cli
