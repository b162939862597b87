#include "sandbox/launcher/root_template.h"

#include "sandbox/launcher/user_ids.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <sys/mount.h>
#include <sys/stat.h>

namespace gust::sandbox::launcher {

namespace fs = std::filesystem;

namespace {

constexpr unsigned long kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr unsigned long kDevice = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;

// What the interpreters and usual native libraries need, where the host has it. No /usr/local, /home, /root, /var.
constexpr auto kSystemFolders = std::to_array<const char*>({"/usr/bin", "/usr/lib", "/usr/lib32", "/usr/lib64",
                                                            "/usr/libexec", "/usr/share"});
// On a host with /usr merged these are links, made again here; else folders.
constexpr auto kRootFolders = std::to_array<const char*>({"/bin", "/lib", "/lib32", "/lib64"});
// Public, and read by libraries: alternatives has the links of BLAS, fonts those of image tools.
constexpr auto kEtcFolders = std::to_array<const char*>({"/etc/alternatives", "/etc/ssl/certs", "/etc/fonts",
                                                         "/etc/pki", "/etc/ld.so.conf.d"});
constexpr auto kEtcFiles = std::to_array<const char*>({"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/mime.types",
                                                       "/etc/ssl/openssl.cnf", "/etc/localtime", "/etc/services",
                                                       "/etc/protocols", "/etc/debian_version"});
constexpr auto kDevices = std::to_array<const char*>({"null", "zero", "full", "random", "urandom"});
constexpr auto kEmptyFolders = std::to_array<const char*>({"proc", "tmp", "dev/shm", "opt", "var/task", "var/runtime",
                                                           "var/tmp", "mnt", "etc", "usr"});

Result<void> write_file(const fs::path& file, std::string_view text) {
  std::ofstream out(file, std::ios::trunc);
  out << text;
  out.close();
  if (!out) return fail_errno("write " + file.string(), errno);
  return {};
}

Result<void> make_folders(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return fail(Code::kInternal, fmt::format("mkdir {}: {}", folder.string(), error.message()));
  return {};
}

Result<void> make_link(const std::string& to, const fs::path& link) {
  if (::symlink(to.c_str(), link.c_str()) == 0 || errno == EEXIST) return {};
  return fail_errno(fmt::format("symlink {}", link.string()), errno);
}

// Shows the host's folder at the same path below `root`, if the host has it.
Result<void> show_folder(const fs::path& root, const fs::path& folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) return {};
  const auto target = root / folder.relative_path();
  GUST_CHECK(make_folders(target));
  return bind_at(fs::canonical(folder, ignored), target, kReadOnly);
}

Result<void> copy_public_file(const fs::path& root, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto target = root / file.relative_path();
  GUST_CHECK(make_folders(target.parent_path()));
  return write_file(target, text);
}

}  // namespace

Result<RootTemplate> RootTemplate::make(const RootSettings& settings) {
  RootTemplate made(settings.scratch);
  GUST_CHECK(mount_at("gust", made.scratch_, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755"));
  GUST_CHECK(make_folders(made.root_));
  GUST_CHECK(make_folders(made.image()));
  GUST_CHECK(mount_at("gust-root", made.root_, "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755"));
  GUST_CHECK(made.fill(settings));
  return made;
}

Result<void> RootTemplate::fill(const RootSettings& settings) const {
  for (const char* folder : kEmptyFolders) GUST_CHECK(make_folders(root_ / folder));
  GUST_CHECK(fill_system());
  GUST_CHECK(fill_etc());
  GUST_CHECK(fill_dev());
  for (const auto& folder : settings.extra_dirs) GUST_CHECK(show_folder(root_, folder));
  // Node looks for packages in the node_modules of each parent of the code's folder: this finds the runtime's own.
  return make_link("var/runtime/node_modules", root_ / "node_modules");
}

Result<void> RootTemplate::fill_system() const {
  for (const char* folder : kSystemFolders) GUST_CHECK(show_folder(root_, folder));
  for (const fs::path folder : kRootFolders) {
    std::error_code not_a_link;
    const auto to = fs::read_symlink(folder, not_a_link);
    if (not_a_link) {
      GUST_CHECK(show_folder(root_, folder));
    } else {
      GUST_CHECK(make_link(to, root_ / folder.relative_path()));
    }
  }
  return {};
}

Result<void> RootTemplate::fill_etc() const {
  const auto etc = root_ / "etc";
  for (const char* folder : kEtcFolders) GUST_CHECK(show_folder(root_, folder));
  for (const char* file : kEtcFiles) GUST_CHECK(copy_public_file(root_, file));
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/etc", ignored)) {
    const auto name = entry.path().filename().string();  // a Java runtime reads its settings there
    if (name.starts_with("python3") || name.starts_with("java-")) GUST_CHECK(show_folder(root_, entry.path()));
  }
  GUST_CHECK(write_file(etc / "passwd", ""));  // each sandbox gets its own
  GUST_CHECK(write_file(etc / "group", "root:x:0:\nsandbox:x:993:\nnogroup:x:65534:\n"));
  GUST_CHECK(write_file(etc / "hosts", "127.0.0.1 localhost sandbox sandbox.localdomain\n::1 localhost\n"));
  GUST_CHECK(write_file(etc / "hostname", "sandbox\n"));
  GUST_CHECK(write_file(etc / "nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\n"));
  GUST_CHECK(write_file(etc / "resolv.conf", "# no name server: this sandbox has no network but its own loopback\n"));
  GUST_CHECK(write_file(resolver(), "nameserver 10.0.2.3\n"));  // slirp4netns, which asks the host's
  return make_link("../usr/lib/os-release", etc / "os-release");
}

Result<void> RootTemplate::fill_dev() const {
  const auto dev = root_ / "dev";
  for (const char* name : kDevices) {
    GUST_CHECK(write_file(dev / name, ""));
    GUST_CHECK(bind_at(fs::path("/dev") / name, dev / name, kDevice));
  }
  GUST_CHECK(make_link("/proc/self/fd", dev / "fd"));
  GUST_CHECK(make_link("/proc/self/fd/0", dev / "stdin"));
  GUST_CHECK(make_link("/proc/self/fd/1", dev / "stdout"));
  return make_link("/proc/self/fd/2", dev / "stderr");
}

Result<void> RootTemplate::add_mount_point(const std::string& target) const {
  return make_folders(root_ / fs::path(target).relative_path());
}

Result<fs::path> RootTemplate::passwd_for(uid_t uid, gid_t gid) const {
  auto file = scratch_ / fmt::format("passwd-{}", uid);
  if (!fs::exists(file)) {
    GUST_CHECK(write_file(file, fmt::format("root:x:0:0:root:/:/usr/sbin/nologin\n{}:x:{}:{}::/tmp:/usr/sbin/nologin\n",
                                            kUserName, uid, gid)));
  }
  return file;
}

}  // namespace gust::sandbox::launcher
