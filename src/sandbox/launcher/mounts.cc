#include "sandbox/launcher/root_template.h"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

Result<void> mount_at(const std::string& source, const std::filesystem::path& target, const char* type,
                      unsigned long flags, const std::string& options) {
  if (::mount(source.c_str(), target.c_str(), type, flags, options.empty() ? nullptr : options.c_str()) == 0) return {};
  const int error = errno;
  const auto with = options.empty() ? options : " with " + options;
  return fail_errno(fmt::format("mount {} on {}{}", source, target.string(), with), error);
}

Result<void> set_attributes(const std::filesystem::path& target, unsigned long attributes) {
  mount_attr attr{};
  attr.attr_set = attributes;
  if (::mount_setattr(AT_FDCWD, target.c_str(), AT_RECURSIVE, &attr, sizeof(attr)) == 0) return {};
  return fail_errno(fmt::format("mount_setattr {}", target.string()), errno);
}

Result<void> bind_at(const std::filesystem::path& source, const std::filesystem::path& target,
                     unsigned long attributes) {
  GUST_CHECK(mount_at(source.string(), target, nullptr, MS_BIND | MS_REC));
  return set_attributes(target, attributes);
}

}  // namespace gust::sandbox::launcher
