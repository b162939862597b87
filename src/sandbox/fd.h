// Fd and messages that carry descriptors over a unix socket (SCM_RIGHTS). Any thread.
#pragma once

#include "base/result.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gust::sandbox {

// Owns one descriptor; closes it.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Fd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

inline constexpr std::size_t kMaxMessageBytes = 160 * 1024;
inline constexpr std::size_t kMaxMessageFds = 32;

struct Received {
  std::string bytes;  // empty: the peer closed
  std::vector<Fd> fds;
};

// One packet with its descriptors. kTooLarge past the limits above, kThrottled when the socket's buffer is full.
Result<void> send_message(int socket, std::string_view bytes, std::span<const int> fds = {});
// The next packet, or nothing when none is there now (a non-blocking socket).
Result<std::optional<Received>> receive_message(int socket);

struct Pair {
  Fd ours;
  Fd theirs;
};
// Both ends close on exec.
Result<Pair> make_packet_pair();
Result<Pair> make_pipe();  // ours reads, theirs writes

}  // namespace gust::sandbox
