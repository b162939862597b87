#include "sandbox/launcher/child.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace gust::sandbox::launcher {

namespace fs = std::filesystem;

namespace {

constexpr unsigned long kReadOnly = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
constexpr unsigned long kTmpFlags = MS_NOSUID | MS_NODEV;
constexpr std::uint64_t kBytesPerInode = 4096;
constexpr std::uint64_t kMinInodes = 1024;
constexpr std::uint64_t kShmBytes = 64ULL << 20;
// What /proc tells about the host rather than the sandbox, and everyone may read. (What only root may read, such as
// kcore and kmsg, needs no hiding: nobody inside is root. The rest is read-only.)
constexpr auto kHiddenFiles = std::to_array<const char*>({"cmdline", "config.gz", "diskstats", "interrupts", "kallsyms",
                                                          "key-users", "keys", "modules", "partitions", "sched_debug",
                                                          "swaps"});
constexpr auto kHiddenFolders = std::to_array<const char*>({"acpi", "asound", "bus", "fs", "irq", "scsi"});

std::string size_options(std::uint64_t bytes) {
  return fmt::format("size={},nr_inodes={}", bytes, std::max(kMinInodes, bytes / kBytesPerInode));
}

Result<void> mount_tmpfs(const fs::path& target, std::uint64_t bytes, UserIds ids) {
  const auto options = fmt::format("{},mode=1777,uid={},gid={}", size_options(bytes), ids.uid, ids.gid);
  return mount_at("tmpfs", target, "tmpfs", kTmpFlags, options);
}

Result<void> hide_in_proc(const fs::path& proc, const fs::path& null_device, const fs::path& empty) {
  for (const char* name : kHiddenFiles) {
    if (::access((proc / name).c_str(), F_OK) != 0) continue;
    GUST_CHECK(mount_at(null_device, proc / name, nullptr, MS_BIND));
  }
  for (const char* name : kHiddenFolders) {
    if (::access((proc / name).c_str(), F_OK) != 0) continue;
    // Read-only: the folder is the template's, which all sandboxes share, and without root is theirs to write.
    GUST_CHECK(bind_at(empty, proc / name, kReadOnly));
  }
  return {};
}

Result<void> mount_proc(const fs::path& root, const fs::path& empty) {
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY;
  // hidepid=2 hides even that pid 1 exists from whoever may not trace it; an old kernel refuses it per mount.
  if (!mount_at("proc", root / "proc", "proc", kFlags, "hidepid=2")) {
    GUST_CHECK(mount_at("proc", root / "proc", "proc", kFlags));
  }
  return hide_in_proc(root / "proc", root / "dev/null", empty);
}

Result<void> mount_code(const fs::path& root, const std::vector<Mount>& mounts) {
  for (const auto& mount : mounts) {
    const auto target = root / fs::path(mount.target).relative_path();
    GUST_CHECK(bind_at(mount.source, target, kReadOnly));
  }
  return {};
}

// The host's tree ends below the new root and is let go of (pivot_root(2), "pivot_root(".", ".")").
Result<void> change_root(const fs::path& root) {
  if (::chdir(root.c_str()) < 0) return fail_errno("chdir to the new root", errno);
  if (::syscall(SYS_pivot_root, ".", ".") < 0) return fail_errno("pivot_root", errno);
  if (::umount2(".", MNT_DETACH) < 0) return fail_errno("detach the host's root", errno);
  if (::chdir("/") < 0) return fail_errno("chdir /", errno);
  return {};
}

// Only this mount: what is mounted on it has flags of its own.
Result<void> make_read_only(const fs::path& root) {
  mount_attr attr{};
  attr.attr_set = kReadOnly;
  if (::mount_setattr(AT_FDCWD, root.c_str(), 0, &attr, sizeof(attr)) == 0) return {};
  return fail_errno(fmt::format("make {} read-only", root.string()), errno);
}

// Nothing that an image brings may lead a mount elsewhere: its mount points are folders and files, reached by no link.
Result<void> check_mount_point(const Fd& image, const char* name, mode_t kind) {
  open_how how{};
  how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV;
  const Fd found(static_cast<int>(::syscall(SYS_openat2, image.get(), name, &how, sizeof(how))));
  if (!found) return fail_errno(fmt::format("look at /{} of the root", name), errno);
  struct stat about{};
  if (::fstat(found.get(), &about) < 0) return fail_errno(fmt::format("look at /{} of the root", name), errno);
  if ((about.st_mode & S_IFMT) == kind) return {};
  return fail(Code::kInvalid, fmt::format("/{} of the root is not a {}", name, kind == S_IFDIR ? "folder" : "file"));
}

// The sandbox's own root, with the template's devices and names.
Result<void> lay_image(const ChildPlan& plan) {
  const auto& image = plan.image;
  GUST_CHECK(bind_at(plan.spec.root, image, kReadOnly));
  const Fd top(::open(image.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return fail_errno("open the root", errno);
  for (const char* name : kRootFolders) GUST_CHECK(check_mount_point(top, name, S_IFDIR));
  for (const char* name : kRootFiles) GUST_CHECK(check_mount_point(top, name, S_IFREG));
  GUST_CHECK(mount_at(plan.root / "dev", image / "dev", nullptr, MS_BIND | MS_REC));
  GUST_CHECK(make_read_only(image / "dev"));
  GUST_CHECK(bind_at(plan.root / "etc/hosts", image / "etc/hosts", kReadOnly));
  return bind_at(plan.root / "etc/resolv.conf", image / "etc/resolv.conf", kReadOnly);
}

}  // namespace

Result<void> resize_tmp(std::uint64_t bytes) {
  return mount_at("tmpfs", "/tmp", nullptr, MS_REMOUNT | kTmpFlags, size_options(bytes));
}

Result<void> enter_root(const ChildPlan& plan) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return fail_errno("make mounts private", errno);
  if (!plan.spec.root.empty()) GUST_CHECK(lay_image(plan));
  const auto& root = plan.spec.root.empty() ? plan.root : plan.image;
  GUST_CHECK(mount_proc(root, plan.root / "mnt"));
  GUST_CHECK(mount_tmpfs(root / "tmp", plan.spec.tmp_bytes, plan.ids));
  GUST_CHECK(mount_tmpfs(root / "dev/shm", kShmBytes, plan.ids));
  GUST_CHECK(mount_at(plan.passwd, root / "etc/passwd", nullptr, MS_BIND));
  GUST_CHECK(set_attributes(root / "etc/passwd", kReadOnly));
  if (!plan.resolver.empty()) {
    GUST_CHECK(bind_at(plan.resolver, root / "etc/resolv.conf", kReadOnly));
  }
  GUST_CHECK(mount_code(root, plan.spec.read_only));
  GUST_CHECK(make_read_only(root));
  return change_root(root);
}

}  // namespace gust::sandbox::launcher
