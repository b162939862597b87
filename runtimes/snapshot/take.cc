#include "image.h"
#include "snapshot.h"

#include <asm/prctl.h>
#include <dirent.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <algorithm>

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif

// glibc's area for restartable sequences; other C libraries have none.
extern "C" {
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned __rseq_size __attribute__((weak));
int gust_context_save(gust::snapshot::Context* context) __attribute__((returns_twice, visibility("hidden")));
}

// Returns 0, and 1 again when the context is resumed.
asm(R"(
.text
.globl gust_context_save
.hidden gust_context_save
.type gust_context_save, @function
gust_context_save:
  mov %rbx, 0(%rdi)
  mov %rbp, 8(%rdi)
  mov %r12, 16(%rdi)
  mov %r13, 24(%rdi)
  mov %r14, 32(%rdi)
  mov %r15, 40(%rdi)
  lea 8(%rsp), %rax
  mov %rax, 48(%rdi)
  mov (%rsp), %rax
  mov %rax, 56(%rdi)
  stmxcsr 64(%rdi)
  fnstcw 68(%rdi)
  xor %eax, %eax
  ret
)");

namespace gust::snapshot {
namespace {

constexpr std::size_t kMapsBytes = 4 << 20, kPagesAtOnce = 512;
constexpr std::uint64_t kStackBytes = 8 << 20, kGapWorthKeeping = 32 * kPage, kTopAsked = 256;
constexpr std::size_t kWriteBytes = 1 << 20;

// Outside of what is written out, and shared so that its pages are not taken for the process's own.
struct Plan {
  Header header;
  Region regions[kMaxRegions];
  File files[kMaxFiles];
  char maps[kMapsBytes];
  std::uint64_t pages[kPagesAtOnce];
};
Plan* plan = nullptr;
char refusal[400];
bool restored = false;

__attribute__((format(printf, 1, 2))) bool refuse(const char* format, ...) {
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(refusal, sizeof refusal, format, arguments);
  va_end(arguments);
  return false;
}

bool is_private(const char* path) {
  for (const char* folder : {"/tmp/", "/dev/shm/", "/proc/", "/memfd:"}) {
    if (std::strncmp(path, folder, std::strlen(folder)) == 0) return true;
  }
  return false;
}

// Its index, or -1: refused.
int add_file(const char* path, int fd) {
  for (std::uint32_t i = 0; fd < 0 && i < plan->header.files; ++i) {
    if (plan->files[i].fd < 0 && std::strcmp(plan->files[i].path, path) == 0) return static_cast<int>(i);
  }
  struct stat status;
  if (is_private(path)) return refuse("it uses the file %s, which is its own", path) ? 0 : -1;
  if (plan->header.files == kMaxFiles) return refuse("it uses more than %zu files", kMaxFiles) ? 0 : -1;
  if (std::strlen(path) >= sizeof(File::path) || ::stat(path, &status) < 0)
    return refuse("it uses the file %s, which is not there any more", path) ? 0 : -1;
  File& file = plan->files[plan->header.files];
  file = {status.st_ino,
          static_cast<std::uint64_t>(status.st_size),
          static_cast<std::uint64_t>(status.st_mtim.tv_sec),
          static_cast<std::uint64_t>(status.st_mtim.tv_nsec),
          0,
          fd,
          0,
          {}};
  std::strcpy(file.path, path);
  return static_cast<int>(plan->header.files++);
}

bool add(const Region& region) {
  auto* const last = plan->header.regions == 0 ? nullptr : &plan->regions[plan->header.regions - 1];
  if (last != nullptr && last->source == Source::kImage && region.source == Source::kImage &&
      last->end == region.start && last->protection == region.protection) {
    last->end = region.end;
    return true;
  }
  if (plan->header.regions == kMaxRegions) return refuse("its memory is in more than %zu pieces", kMaxRegions);
  plan->regions[plan->header.regions++] = region;
  return true;
}

// Reads a whole file of /proc; false when it cannot.
bool read_all(const char* path, char* room, std::size_t size) {
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refuse("%s cannot be read: %s", path, std::strerror(errno));
  std::size_t total = 0;
  ssize_t n = 0;
  while ((n = ::read(fd, room + total, size - 1 - total)) > 0) total += static_cast<std::size_t>(n);
  ::close(fd);
  room[total] = 0;
  return n == 0 && total < size - 1 ? true : refuse("%s cannot be read whole", path);
}

// One line of /proc/self/maps.
struct Mapping {
  Region region;
  bool of_file;
};

bool is_own(std::uint64_t page) {
  const bool there = (page >> 62) != 0, of_file = ((page >> 61) & 1) != 0;
  return there && !of_file;
}

// Adds the mapping as runs of pages that are its own, which go into the image, and those between.
bool add_runs(const Mapping& mapping, int pagemap) {
  const Region& whole = mapping.region;
  std::uint64_t done = whole.start, run = 0, run_end = 0;
  const auto rest_until = [&](std::uint64_t until) {
    if (until == done) return true;
    auto rest = whole;
    rest.start = done;
    rest.end = until;
    rest.offset = mapping.of_file ? whole.offset + (done - whole.start) : 0;
    return add(rest);
  };
  const auto end_run = [&] {
    if (run_end == 0) return true;
    if (!rest_until(run)) return false;
    done = run_end;
    return add({run, run_end, 0, whole.protection, Source::kImage, 0, 0});
  };
  for (auto at = whole.start; at < whole.end; at += kPagesAtOnce * kPage) {
    const auto pages = std::min<std::uint64_t>(kPagesAtOnce, (whole.end - at) / kPage);
    const auto bytes = pages * sizeof(std::uint64_t);
    if (::pread(pagemap, plan->pages, bytes, static_cast<off_t>(at / kPage * sizeof(std::uint64_t))) !=
        static_cast<ssize_t>(bytes))
      return refuse("/proc/self/pagemap cannot be read");
    for (std::uint64_t i = 0; i < pages; ++i) {
      if (!is_own(plan->pages[i])) continue;
      const auto page = at + i * kPage;
      // To map another piece costs as much as a few pages more.
      if (run_end == 0 || page - run_end > kGapWorthKeeping) {
        if (!end_run()) return false;
        run = page;
      }
      run_end = page + kPage;
    }
  }
  return end_run() && rest_until(whole.end);
}

bool add_mapping(char* line, int pagemap) {
  unsigned long start, end, offset, inode;
  char permissions[5];
  int at = 0;
  if (std::sscanf(line, "%lx-%lx %4s %lx %*x:%*x %lu %n", &start, &end, permissions, &offset, &inode, &at) != 5)
    return refuse("/proc/self/maps has a line that is not understood");
  const char* path = line + at;
  if (std::strcmp(path, "[vsyscall]") == 0 || start == reinterpret_cast<std::uint64_t>(plan)) return true;
  const auto protection =
      static_cast<std::uint32_t>((permissions[0] == 'r' ? PROT_READ : 0) | (permissions[1] == 'w' ? PROT_WRITE : 0) |
                                 (permissions[2] == 'x' ? PROT_EXEC : 0));
  Mapping mapping{{start, end, 0, protection, Source::kZero, 0, 0}, inode != 0};
  auto& region = mapping.region;
  if (std::strncmp(path, "[vvar", 5) == 0 || std::strcmp(path, "[vdso]") == 0) {
    if (path[2] == 'd') plan->header.vdso = start;
    region.source = Source::kKernel;
    return add(region);
  }
  region.shared = permissions[3] == 's' ? 1 : 0;
  if (region.shared != 0 && ((protection & PROT_WRITE) != 0 || !mapping.of_file))
    return refuse("it has shared memory %s", path);
  if (mapping.of_file) {
    const int file = add_file(path, -1);
    if (file < 0) return false;
    region.source = Source::kFile;
    region.file = static_cast<std::uint32_t>(file);
    region.offset = offset;
  }
  if (region.shared != 0) return add(region);
  if (std::strcmp(path, "[stack]") == 0) {
    region.start = std::min(start, end - kStackBytes);  // all that it may grow to
    if (!add(region)) return false;
    region.start = (plan->header.context.rsp - kTopAsked) & ~(kPage - 1);
  }
  return add_runs(mapping, pagemap);
}

bool add_memory() {
  if (!read_all("/proc/self/maps", plan->maps, sizeof plan->maps)) return false;
  const int pagemap = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (pagemap < 0) return refuse("/proc/self/pagemap cannot be read: %s", std::strerror(errno));
  bool good = true;
  for (char* line = plan->maps; good && *line != 0;) {
    char* const end = std::strchr(line, '\n');
    if (end != nullptr) *end = 0;
    good = add_mapping(line, pagemap);
    line = end != nullptr ? end + 1 : line + std::strlen(line);
  }
  ::close(pagemap);
  return good;
}

bool add_open_file(int fd) {
  struct stat status;
  char link[32], path[512];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto n = ::readlink(link, path, sizeof path - 1);
  if (n < 0 || ::fstat(fd, &status) < 0) return true;  // closed meanwhile: the folder that was being read
  path[n] = 0;
  const int flags = ::fcntl(fd, F_GETFL);
  const bool file = S_ISREG(status.st_mode) || S_ISDIR(status.st_mode);
  if (S_ISSOCK(status.st_mode)) return refuse("it has an open socket (descriptor %d)", fd);
  if (!file && !S_ISCHR(status.st_mode)) return refuse("it has descriptor %d open: %s", fd, path);
  if (file && (flags & O_ACCMODE) != O_RDONLY) return refuse("it has a file open to write: %s", path);
  const int index = add_file(path, fd);
  if (index < 0) return false;
  const int descriptor_flags = ::fcntl(fd, F_GETFD);
  plan->files[index].flags =
      (flags & ~(O_CREAT | O_TRUNC | O_EXCL)) | ((descriptor_flags & FD_CLOEXEC) != 0 ? O_CLOEXEC : 0);
  const auto position = ::lseek(fd, 0, SEEK_CUR);
  plan->files[index].position = position < 0 ? 0 : static_cast<std::uint64_t>(position);
  return true;
}

bool add_open_files(int socket) {
  DIR* const folder = ::opendir("/proc/self/fd");
  if (folder == nullptr) return refuse("/proc/self/fd cannot be read: %s", std::strerror(errno));
  bool good = true;
  while (const auto* entry = good ? ::readdir(folder) : nullptr) {
    const int fd = std::atoi(entry->d_name);
    if (fd > STDERR_FILENO && fd != socket && fd != ::dirfd(folder)) good = add_open_file(fd);
  }
  ::closedir(folder);
  return good;
}

bool is_empty(const char* path) {
  DIR* const folder = ::opendir(path);
  if (folder == nullptr) return true;
  std::size_t entries = 0;
  while (::readdir(folder) != nullptr) ++entries;
  ::closedir(folder);
  return entries <= 2 ? true : refuse("it left files in %s", path);
}

bool has_only_one_thread() {
  struct stat status;
  if (::stat("/proc/self/task", &status) < 0) return refuse("/proc/self/task cannot be read");
  if (status.st_nlink > 3) return refuse("it runs %lu threads", static_cast<unsigned long>(status.st_nlink - 2));
  siginfo_t info;
  if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD)
    return refuse("it has child processes");
  return true;
}

bool has_no_timer() {
  for (const auto which : {ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF}) {
    itimerval value{};
    ::getitimer(which, &value);
    if (value.it_value.tv_sec != 0 || value.it_value.tv_usec != 0) return refuse("it has a timer that runs");
  }
  return true;
}

// Fields of /proc/self/stat by their numbers in proc(5).
bool add_addresses() {
  char text[4096];
  if (!read_all("/proc/self/stat", text, sizeof text)) return false;
  std::uint64_t fields[53] = {};
  const char* at = std::strrchr(text, ')');
  for (int i = 3; at != nullptr && i < 53; ++i) {
    at = std::strchr(at, ' ');
    if (at == nullptr) break;
    fields[i] = std::strtoull(++at, nullptr, 10);
  }
  plan->header.addresses = {
      fields[26], fields[27], fields[45], fields[46], fields[47], reinterpret_cast<std::uint64_t>(::sbrk(0)),
      fields[28], fields[48], fields[49], fields[50], fields[51]};
  return true;
}

void add_state() {
  auto& header = plan->header;
  header.magic = kMagic;
  ::syscall(SYS_arch_prctl, ARCH_GET_FS, &header.thread_base);
  ::prctl(PR_GET_TID_ADDRESS, &header.tid_address);
  ::syscall(SYS_get_robust_list, 0, &header.robust_list, &header.robust_size);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, nullptr, &header.signal_mask, sizeof header.signal_mask);
  for (std::size_t i = 0; i < kSignals; ++i)
    ::syscall(SYS_rt_sigaction, i + 1, nullptr, &header.actions[i], sizeof header.signal_mask);
  ::prctl(PR_GET_NAME, header.name);
  header.umask = ::umask(0);
  ::umask(header.umask);
}

void place_image() {
  auto& header = plan->header;
  auto at = sizeof(Header) + header.regions * sizeof(Region) + header.files * sizeof(File);
  at = (at + kPage - 1) & ~(kPage - 1);
  for (std::uint32_t i = 0; i < header.regions; ++i) {
    auto& region = plan->regions[i];
    if (region.source != Source::kImage) continue;
    region.offset = at;
    at += region.end - region.start;
    // Of a page that nobody may read now, the bytes are kept too.
    if ((region.protection & PROT_READ) == 0)
      ::mprotect(reinterpret_cast<void*>(region.start), region.end - region.start, PROT_READ);
  }
  header.bytes = at;
}

bool make_plan(int socket) {
  if (::getcwd(plan->header.folder, sizeof plan->header.folder) == nullptr)
    return refuse("its working folder is gone: %s", std::strerror(errno));
  if (!has_only_one_thread() || !has_no_timer() || !is_empty("/tmp") || !is_empty("/dev/shm")) return false;
  add_state();
  if (!add_open_files(socket) || !add_addresses() || !add_memory()) return false;
  place_image();
  return true;
}

bool send(int socket, const void* from, std::size_t bytes) {
  const auto* at = static_cast<const char*>(from);
  while (bytes > 0) {
    const auto n = ::write(socket, at, bytes < kWriteBytes ? bytes : kWriteBytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse("the snapshot could not be sent: %s", std::strerror(errno));
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

bool send_image(int socket, const char* head) {
  static const char zeros[kPage] = {};
  const auto& header = plan->header;
  char length[32];
  const auto n = std::snprintf(length, sizeof length, "%llu\r\n\r\n", static_cast<unsigned long long>(header.bytes));
  const auto plan_bytes = sizeof(Header) + header.regions * sizeof(Region) + header.files * sizeof(File);
  bool good = send(socket, head, std::strlen(head)) && send(socket, length, static_cast<std::size_t>(n)) &&
              send(socket, &header, sizeof header) && send(socket, plan->regions, header.regions * sizeof(Region)) &&
              send(socket, plan->files, header.files * sizeof(File)) &&
              send(socket, zeros, (kPage - plan_bytes % kPage) % kPage);
  for (std::uint32_t i = 0; good && i < header.regions; ++i) {
    const auto& region = plan->regions[i];
    if (region.source == Source::kImage)
      good = send(socket, reinterpret_cast<const void*>(region.start), region.end - region.start);
  }
  return good;
}

// In the process that was restored: what the kernel does not know yet of it.
void settle_in(const stack_t& alternate_stack) {
  constexpr unsigned kSmallest = 32, kSignature = 0x53053053;
  ::munmap(reinterpret_cast<void*>(kRestoreBase), kRestoreSize);
  restored = true;
  if ((alternate_stack.ss_flags & SS_DISABLE) == 0) ::sigaltstack(&alternate_stack, nullptr);
  if (&__rseq_offset == nullptr || &__rseq_size == nullptr || __rseq_size == 0) return;
  auto* const area = static_cast<char*>(__builtin_thread_pointer()) + __rseq_offset;
  ::syscall(SYS_rseq, area, __rseq_size < kSmallest ? kSmallest : __rseq_size, 0, kSignature);
}

}  // namespace
}  // namespace gust::snapshot

int gust_snapshot_take(int socket, const char* head) {
  using namespace gust::snapshot;
  stack_t alternate_stack{};
  ::sigaltstack(nullptr, &alternate_stack);
  void* const room =
      ::mmap(nullptr, sizeof(Plan), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (room == MAP_FAILED) {
    refuse("no memory for the plan of a snapshot: %s", std::strerror(errno));
    return GUST_SNAPSHOT_REFUSED;
  }
  plan = static_cast<Plan*>(room);
  if (gust_context_save(&plan->header.context) != 0) {
    settle_in(alternate_stack);
    return GUST_SNAPSHOT_RESTORED;
  }
  const bool sent = make_plan(socket) && send_image(socket, head);
  ::munmap(room, sizeof(Plan));
  return sent ? GUST_SNAPSHOT_TAKEN : GUST_SNAPSHOT_REFUSED;
}

const char* gust_snapshot_variable(const char* name) {
  using namespace gust::snapshot;
  if (!restored) return nullptr;
  const auto length = std::strlen(name);
  for (const auto* at = reinterpret_cast<const char*>(kHandedOn); *at != 0; at += std::strlen(at) + 1) {
    if (std::strncmp(at, name, length) == 0 && at[length] == '=') return at + length + 1;
  }
  return nullptr;
}

const char* gust_snapshot_refusal(void) { return gust::snapshot::refusal; }
