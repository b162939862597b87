// The layout of a snapshot's image (docs/formats/snapshots.md): what the process that takes one writes and `restore`
// reads. A Header, its regions, its files, then, from a page's begin, the bytes of the regions that are kImage. Facts
// of Linux on x86-64, in its byte order. Needs no library.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gust::snapshot {

inline constexpr std::uint64_t kMagic = 0x31504e5354535547;  // "GUSTSNP1"
inline constexpr std::uint64_t kPage = 4096;
inline constexpr std::size_t kMaxRegions = 32768, kMaxFiles = 1024, kSignals = 64;
// Where `restore` itself is, and where it puts aside what it moves: no kernel gives a process these addresses unasked.
inline constexpr std::uint64_t kRestoreBase = 0x600000000000, kAside = 0x610000000000, kUserTop = 0x7ffffffff000;
inline constexpr std::uint64_t kRestoreSize = 64ULL << 20;

// How who restores hands its environment on: at a fixed place, NAME=VALUE, each ended by a zero, the last one empty.
inline constexpr std::uint64_t kHandedOn = 0x5ffffff00000, kHandedOnBytes = 64 << 10;

// What a call keeps, by the System V ABI; of the same layout in the assembly of take.cc and restore.cc.
struct Context {
  std::uint64_t rbx, rbp, r12, r13, r14, r15, rsp, rip;
  std::uint32_t mxcsr;
  std::uint16_t x87, unused;
};

// struct sigaction as the kernel has it.
struct SignalAction {
  std::uint64_t handler, flags, restorer, mask;
};

enum class Source : std::uint32_t {
  kZero,    // fresh pages
  kImage,   // bytes of the image, at `offset`
  kFile,    // bytes of a file, at `offset`
  kKernel,  // the kernel's own: vdso and vvar
};

struct Region {
  std::uint64_t start, end;
  std::uint64_t offset;
  std::uint32_t protection;  // PROT_*
  Source source;
  std::uint32_t file;    // index, of kFile
  std::uint32_t shared;  // 1: MAP_SHARED
};

// Where an instance finds its image.
inline constexpr const char* kImagePath = "/var/image/image";

// A file that is mapped, or open as `fd`. Who restores refuses when it is another now.
struct File {
  std::uint64_t inode, size, modified_s, modified_ns;
  std::uint64_t position;  // of an open one
  std::int32_t fd;         // -1: mapped only
  std::int32_t flags;      // O_*
  char path[464];
};

// struct prctl_mm_map's addresses, in its order.
struct Addresses {
  std::uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack, arg_start, arg_end, env_start,
      env_end;
};

struct Header {
  std::uint64_t magic;
  std::uint64_t bytes;  // of the whole image
  std::uint32_t regions, files;
  Context context;
  std::uint64_t thread_base;  // FS
  std::uint64_t tid_address;  // where the C library keeps the thread's id
  std::uint64_t robust_list, robust_size;
  std::uint64_t vdso;  // where it was
  std::uint64_t signal_mask;
  Addresses addresses;
  std::uint32_t umask, unused;
  char name[16];
  char folder[1024];
  SignalAction actions[kSignals];
};

}  // namespace gust::snapshot
