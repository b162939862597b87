// restore [IMAGE]: becomes the process whose image that is. Static, without any library and linked to an address that
// no process has, as it replaces everything else in its memory. Says what is wrong on stderr and exits with 70.
#include "image.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

using namespace gust::snapshot;

extern "C" {
extern char _end;
[[noreturn]] void resume(const Context* context);
[[noreturn, gnu::used]] void begin(std::uint64_t* stack);
}

namespace {

constexpr int kFailed = 70, kFirstFd = 3;
constexpr std::uint64_t kLowest = 0x10000;
constexpr std::uint64_t kVdsoEntry = 33;  // AT_SYSINFO_EHDR
constexpr std::size_t kHeadBytes = sizeof(Header) + kMaxRegions * sizeof(Region) + kMaxFiles * sizeof(File) + kPage;

alignas(kPage) char head[kHeadBytes];
int descriptors[kMaxFiles];

long call(long number, std::uint64_t a = 0, std::uint64_t b = 0, std::uint64_t c = 0, std::uint64_t d = 0,
          std::uint64_t e = 0, std::uint64_t f = 0) {
  long result;
  register auto r10 asm("r10") = d;
  register auto r8 asm("r8") = e;
  register auto r9 asm("r9") = f;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

template <typename T>
std::uint64_t address(T* pointer) {
  return reinterpret_cast<std::uint64_t>(pointer);
}

void say(const char* text) {
  std::size_t length = 0;
  while (text[length] != 0) ++length;
  call(SYS_write, 2, address(text), length);
}

[[noreturn]] void die(const char* what, const char* name = "") {
  say("restore: ");
  say(what);
  say(name);
  say("\n");
  call(SYS_exit_group, kFailed);
  __builtin_unreachable();
}

// The image and the files that it needs, opened and looked at.
struct Image {
  std::uint64_t fd;
  Header& header;
  Region* regions;
  File* files;
};

Image open_image(const char* path) {
  const long fd = call(SYS_open, address(path), O_RDONLY | O_CLOEXEC);
  if (fd < 0) die("cannot open ", path);
  auto& header = *reinterpret_cast<Header*>(head);
  auto* const regions = reinterpret_cast<Region*>(head + sizeof(Header));
  long got = call(SYS_read, static_cast<std::uint64_t>(fd), address(head), sizeof(Header));
  if (got < static_cast<long>(sizeof(Header)) || header.magic != kMagic || header.regions > kMaxRegions ||
      header.files > kMaxFiles)
    die("not an image: ", path);
  auto* const files = reinterpret_cast<File*>(regions + header.regions);
  const auto rest = header.regions * sizeof(Region) + header.files * sizeof(File);
  got = call(SYS_read, static_cast<std::uint64_t>(fd), address(regions), rest);
  if (got != static_cast<long>(rest)) die("not whole: ", path);
  struct stat status;
  if (call(SYS_fstat, static_cast<std::uint64_t>(fd), address(&status)) < 0 ||
      static_cast<std::uint64_t>(status.st_size) != header.bytes)
    die("not whole: ", path);
  return {static_cast<std::uint64_t>(fd), header, regions, files};
}

void open_files(const Image& image) {
  for (std::uint32_t i = 0; i < image.header.files; ++i) {
    const File& file = image.files[i];
    const auto flags = file.fd < 0 ? O_RDONLY : file.flags;
    const long fd = call(SYS_open, address(file.path), static_cast<std::uint64_t>(flags | O_CLOEXEC));
    struct stat status;
    if (fd < 0 || call(SYS_fstat, static_cast<std::uint64_t>(fd), address(&status)) < 0) die("cannot open ", file.path);
    const bool same = status.st_ino == file.inode && static_cast<std::uint64_t>(status.st_size) == file.size &&
                      static_cast<std::uint64_t>(status.st_mtim.tv_sec) == file.modified_s &&
                      static_cast<std::uint64_t>(status.st_mtim.tv_nsec) == file.modified_ns;
    if (!same) die("has changed since the snapshot: ", file.path);
    descriptors[i] = static_cast<int>(fd);
  }
}

// The environment of this process, for the one that goes on.
void hand_on(char** variables) {
  constexpr std::uint64_t kFlags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  if (call(SYS_mmap, kHandedOn, kHandedOnBytes, PROT_READ | PROT_WRITE, kFlags, ~0ULL, 0) < 0) die("no memory");
  auto* to = reinterpret_cast<char*>(kHandedOn);
  const auto* const end = to + kHandedOnBytes - 1;
  for (; *variables != nullptr; ++variables) {
    const char* from = *variables;
    do {
      if (to == end) die("the environment is too long");
      *to++ = *from;
    } while (*from++ != 0);
  }
}

std::uint64_t find_vdso(std::uint64_t* stack) {
  auto* at = stack + 1 + *stack + 1;
  while (*at != 0) ++at;
  for (++at; at[0] != 0; at += 2) {
    if (at[0] == kVdsoEntry) return at[1];
  }
  return 0;
}

void move(std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
  constexpr std::uint64_t kMoveThere = 3;  // MREMAP_MAYMOVE | MREMAP_FIXED
  if (call(SYS_mremap, from, bytes, bytes, kMoveThere, to) != static_cast<long>(to))
    die("the kernel's pages do not move");
}

// What the kernel gave this process is put aside, the rest of its old memory let go.
void clear_memory(const Image& image, std::uint64_t vdso) {
  auto aside = kAside;
  for (std::uint32_t i = 0; i < image.header.regions; ++i) {
    const Region& region = image.regions[i];
    if (region.source != Source::kKernel) continue;
    move(region.start - image.header.vdso + vdso, aside, region.end - region.start);
    aside += region.end - region.start;
  }
  const auto own_end = (address(&_end) + kPage - 1) & ~(kPage - 1);
  call(SYS_munmap, kLowest, kHandedOn - kLowest);
  call(SYS_munmap, own_end, kAside - own_end);
  call(SYS_munmap, aside, kUserTop - aside);
}

// The piece with the process's arguments, copied: `ps` reads them from memory that is of no file only.
long read_arguments(const Image& image, const Region& region) {
  constexpr std::uint64_t kFlags = MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS;
  const auto bytes = region.end - region.start;
  const long at = call(SYS_mmap, region.start, bytes, region.protection, kFlags, ~0ULL, 0);
  const long got = call(SYS_pread64, image.fd, region.start, bytes, region.offset);
  if (got != static_cast<long>(bytes)) die("not whole: ", "the arguments");
  return at;
}

void fill_memory(const Image& image) {
  auto aside = kAside;
  for (std::uint32_t i = 0; i < image.header.regions; ++i) {
    const Region& region = image.regions[i];
    const auto bytes = region.end - region.start;
    const std::uint64_t flags = MAP_FIXED | (region.shared != 0 ? MAP_SHARED : MAP_PRIVATE);
    long at = 0;
    switch (region.source) {
      case Source::kZero:
        at = call(SYS_mmap, region.start, bytes, region.protection, flags | MAP_ANONYMOUS | MAP_NORESERVE, ~0ULL, 0);
        break;
      case Source::kImage:
        if (region.start <= image.header.addresses.arg_start && image.header.addresses.arg_start < region.end) {
          at = read_arguments(image, region);
          break;
        }
        at = call(SYS_mmap, region.start, bytes, region.protection, flags, image.fd, region.offset);
        break;
      case Source::kFile: {
        const auto fd = static_cast<std::uint64_t>(descriptors[region.file]);
        at = call(SYS_mmap, region.start, bytes, region.protection, flags, fd, region.offset);
        break;
      }
      case Source::kKernel:
        move(aside, region.start, bytes);
        aside += bytes;
        at = static_cast<long>(region.start);
        break;
    }
    if (at != static_cast<long>(region.start)) die("no memory at an address of the snapshot");
  }
}

// Descriptors that are mapped only are closed; an open file gets its number again. Those opened lie above all numbers
// that were open: first those are moved there.
void settle_files(const Image& image) {
  int top = kFirstFd;
  for (std::uint32_t i = 0; i < image.header.files; ++i) {
    if (image.files[i].fd >= top) top = image.files[i].fd + 1;
  }
  for (std::uint32_t i = 0; i < image.header.files; ++i) {
    const auto fd = static_cast<std::uint64_t>(descriptors[i]);
    if (image.files[i].fd >= 0) {
      const long high = call(SYS_fcntl, fd, F_DUPFD_CLOEXEC, static_cast<std::uint64_t>(top));
      if (high < 0) die("too many open files");
      descriptors[i] = static_cast<int>(high);
    }
    call(SYS_close, fd);
  }
  call(SYS_close, image.fd);
  for (std::uint32_t i = 0; i < image.header.files; ++i) {
    const File& file = image.files[i];
    if (file.fd < 0) continue;
    const auto from = static_cast<std::uint64_t>(descriptors[i]), to = static_cast<std::uint64_t>(file.fd);
    if (call(SYS_dup3, from, to, static_cast<std::uint64_t>(file.flags & O_CLOEXEC)) < 0)
      die("cannot open ", file.path);
    call(SYS_close, from);
    call(SYS_lseek, to, file.position, 0);
  }
}

// An old kernel may refuse the addresses: then the heap grows elsewhere, and `ps` shows other arguments.
void restore_state(const Header& header) {
  struct {
    Addresses addresses;
    std::uint64_t auxv;
    std::uint32_t auxv_size, exe_fd;
  } const map{header.addresses, 0, 0, ~0U};
  call(SYS_prctl, PR_SET_MM, PR_SET_MM_MAP, address(&map), sizeof map, 0);
  call(SYS_prctl, PR_SET_NAME, address(header.name));
  call(SYS_umask, header.umask);
  if (call(SYS_chdir, address(header.folder)) < 0) die("cannot go to ", header.folder);
  for (std::uint64_t signal = 1; signal <= kSignals; ++signal)
    call(SYS_rt_sigaction, signal, address(&header.actions[signal - 1]), 0, sizeof(std::uint64_t));
  call(SYS_arch_prctl, ARCH_SET_FS, header.thread_base);
  if (header.robust_list != 0) call(SYS_set_robust_list, header.robust_list, header.robust_size);
  if (header.tid_address != 0) {
    const long id = call(SYS_set_tid_address, header.tid_address);
    *reinterpret_cast<int*>(header.tid_address) = static_cast<int>(id);
  }
  call(SYS_rt_sigprocmask, 2, address(&header.signal_mask), 0, sizeof(std::uint64_t));
}

}  // namespace

void begin(std::uint64_t* stack) {
  auto** const arguments = reinterpret_cast<char**>(stack + 1);
  const auto image = open_image(*stack > 1 ? arguments[1] : kImagePath);
  open_files(image);
  hand_on(arguments + *stack + 1);
  clear_memory(image, find_vdso(stack));
  fill_memory(image);
  settle_files(image);
  restore_state(image.header);
  resume(&image.header.context);
}

asm(R"(
.text
.globl _start
_start:
  mov %rsp, %rdi
  lea own_stack_end(%rip), %rsp
  xor %ebp, %ebp
  call begin
.globl resume
resume:
  mov 0(%rdi), %rbx
  mov 8(%rdi), %rbp
  mov 16(%rdi), %r12
  mov 24(%rdi), %r13
  mov 32(%rdi), %r14
  mov 40(%rdi), %r15
  mov 48(%rdi), %rsp
  ldmxcsr 64(%rdi)
  fldcw 68(%rdi)
  mov $1, %eax
  jmp *56(%rdi)
.bss
.balign 4096
.skip 65536
own_stack_end:
.skip 64
.section .note.GNU-stack,"",@progbits
)");
