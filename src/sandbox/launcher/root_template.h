// RootTemplate: the read-only root that every sandbox gets, put together once at the launcher's start from the
// host's interpreters and a small /etc of our own. It lives in the launcher's private mount namespace only, so it
// vanishes with the launcher. Part of gust-launcher; single-threaded.
#pragma once

#include "base/result.h"

#include <filesystem>
#include <string>
#include <sys/types.h>
#include <vector>

namespace gust::sandbox::launcher {

struct RootSettings {
  std::filesystem::path scratch;                 // an existing folder; what is in it is hidden from the launcher only
  std::vector<std::filesystem::path> extra_dirs; // further folders of the host to show, read-only, at their own path
};

class RootTemplate {
 public:
  // Needs a mount namespace of our own. The error names the step.
  static Result<RootTemplate> make(const RootSettings& settings);

  const std::filesystem::path& root() const { return root_; }
  // An empty folder, where each sandbox with a root of its own mounts that.
  std::filesystem::path image() const { return scratch_ / "image"; }
  // The /etc/resolv.conf of a sandbox with egress.
  std::filesystem::path resolver() const { return scratch_ / "resolv.conf"; }
  // Makes the folder `target` in the template, for a mount to go on.
  Result<void> add_mount_point(const std::string& target) const;
  // An /etc/passwd for the user ids of one slot: made once, used again.
  Result<std::filesystem::path> passwd_for(uid_t uid, gid_t gid) const;

 private:
  explicit RootTemplate(std::filesystem::path scratch) : scratch_(std::move(scratch)), root_(scratch_ / "root") {}
  Result<void> fill(const RootSettings& settings) const;
  Result<void> fill_system() const;
  Result<void> fill_etc() const;
  Result<void> fill_dev() const;

  std::filesystem::path scratch_;
  std::filesystem::path root_;
};

// Mounts with the step named in the error.
Result<void> mount_at(const std::string& source, const std::filesystem::path& target, const char* type,
                      unsigned long flags, const std::string& options = {});
// Binds `source` (folder or file) and everything below it on `target`, with `attributes` (MOUNT_ATTR_*) set on all.
Result<void> bind_at(const std::filesystem::path& source, const std::filesystem::path& target,
                     unsigned long attributes);
Result<void> set_attributes(const std::filesystem::path& target, unsigned long attributes);

}  // namespace gust::sandbox::launcher
