#include "sandbox/fd.h"
#include "sandbox/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace gust::sandbox {

namespace {

constexpr std::size_t kMaxIdLength = 128;
constexpr std::uint64_t kMinMemoryBytes = 4ULL << 20;
constexpr std::uint64_t kMinTmpBytes = 4096;
// The folders under which code may be mounted; everything else of the root is fixed.
constexpr std::array<std::string_view, 3> kMountRoots = {"/var/", "/opt/", "/mnt/"};

bool is_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

bool has_zero(std::string_view text) { return text.find('\0') != std::string_view::npos; }

bool is_plain_absolute(std::string_view path) {
  if (!path.starts_with('/') || has_zero(path) || path.size() > 1024) return false;
  const std::string closed = std::string(path) + '/';
  return closed.find("/../") == std::string::npos && closed.find("/./") == std::string::npos &&
         closed.find("//") == std::string::npos;
}

Result<void> validate_id(const std::string& id) {
  const bool good = !id.empty() && id.size() <= kMaxIdLength && id.front() != '.' &&
                    std::ranges::all_of(id, is_id_character);
  if (good) return {};
  return fail(Code::kInvalid, fmt::format("sandbox id '{}': expected 1 to {} letters, digits, '-', '_' or '.'", id,
                                          kMaxIdLength), "id");
}

Result<void> validate_mount(const Mount& mount) {
  if (!is_plain_absolute(mount.source)) {
    return fail(Code::kInvalid, fmt::format("mount source '{}': expected an absolute path of the host", mount.source));
  }
  const bool allowed = mount.target == "/opt" || std::ranges::any_of(kMountRoots, [&](std::string_view root) {
    return mount.target.starts_with(root) && mount.target.size() > root.size();
  });
  if (allowed && is_plain_absolute(mount.target)) return {};
  return fail(Code::kInvalid, fmt::format("mount target '{}': expected /opt or a folder under /var, /opt or /mnt",
                                          mount.target));
}

Result<void> validate_root(const Spec& spec) {
  if (spec.root.empty()) return {};
  if (!is_plain_absolute(spec.root)) {
    return fail(Code::kInvalid, fmt::format("root '{}': expected an absolute path of the host", spec.root), "root");
  }
  if (spec.kind == Kind::kFinal && spec.read_only.empty()) return {};
  return fail(Code::kInvalid, "a sandbox with a root of its own is final and mounts nothing else", "root");
}

Result<void> validate_program(const std::vector<std::string>& argv, const std::string& working_dir) {
  if (argv.empty() || !is_plain_absolute(argv.front()) || std::ranges::any_of(argv, has_zero)) {
    return fail(Code::kInvalid, "argv must start with an absolute path and hold no zero bytes", "argv");
  }
  if (working_dir != "/" && !is_plain_absolute(working_dir)) {
    return fail(Code::kInvalid, fmt::format("working_dir '{}': expected an absolute path", working_dir));
  }
  return {};
}

Result<void> validate_environment(const std::map<std::string, std::string>& env) {
  for (const auto& [name, value] : env) {
    if (name.empty() || name.find('=') != std::string::npos || has_zero(name) || has_zero(value)) {
      return fail(Code::kInvalid, fmt::format("environment variable '{}': the name is empty or has '=' in it, or there "
                                              "is a zero byte", name));
    }
  }
  return {};
}

Result<void> validate_sizes(std::uint64_t memory_bytes, std::uint64_t tmp_bytes, std::uint32_t cpu_millis,
                            std::uint32_t cpu_share) {
  if (memory_bytes < kMinMemoryBytes) {
    return fail(Code::kInvalid, fmt::format("memory_bytes {}: expected at least {}", memory_bytes, kMinMemoryBytes));
  }
  if (tmp_bytes < kMinTmpBytes) {
    return fail(Code::kInvalid, fmt::format("tmp_bytes {}: expected at least {}", tmp_bytes, kMinTmpBytes));
  }
  if (cpu_millis == 0) return fail(Code::kInvalid, "cpu_millis 0: expected at least 1");
  if (cpu_share == 0) return fail(Code::kInvalid, "cpu_share 0: expected at least 1");
  return {};
}

}  // namespace

Result<void> validate(const Specialisation& to) {
  for (const auto& mount : to.read_only) GUST_CHECK(validate_mount(mount));
  if (!to.argv.empty()) GUST_CHECK(validate_program(to.argv, to.working_dir));
  GUST_CHECK(validate_environment(to.env));
  return validate_sizes(to.memory_bytes, to.tmp_bytes, to.cpu_millis, to.cpu_share);
}

Result<void> validate(const Spec& spec) {
  GUST_CHECK(validate_id(spec.id));
  const bool told_later = spec.kind == Kind::kGeneric && spec.argv.empty();
  if (!told_later) GUST_CHECK(validate_program(spec.argv, spec.working_dir));
  GUST_CHECK(validate_environment(spec.env));
  GUST_CHECK(validate_root(spec));
  for (const auto& mount : spec.read_only) GUST_CHECK(validate_mount(mount));
  GUST_CHECK(validate_sizes(spec.memory_bytes, spec.tmp_bytes, spec.cpu_millis, spec.cpu_share));
  if (spec.max_pids < 2) return fail(Code::kInvalid, fmt::format("max_pids {}: expected at least 2", spec.max_pids));
  if (spec.listen_ports.size() + spec.datagram_ports.size() >= kMaxMessageFds)
    return fail(Code::kInvalid, "too many listen_ports and datagram_ports");
  if (std::ranges::find(spec.listen_ports, 0) != spec.listen_ports.end()) {
    return fail(Code::kInvalid, "listen_ports: 0 is not a port");
  }
  if (std::ranges::find(spec.datagram_ports, 0) != spec.datagram_ports.end())
    return fail(Code::kInvalid, "datagram_ports: 0 is not a port");
  return {};
}

}  // namespace gust::sandbox
