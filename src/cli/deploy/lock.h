// StackLock: lets one deploy of a stack run at a time, by an object beside the stack's record (docs/formats/stacks.md).
// A holder that ended without letting go is known by its age or, at once, as a dead process of this machine. Blocking.
#pragma once

#include "cli/remote.h"

#include <chrono>

namespace gust::cli {

inline constexpr std::chrono::seconds kLockLease{120};

class StackLock {
 public:
  StackLock(Remote& remote, const std::string& bucket, std::string stack);
  ~StackLock();  // lets go, as far as the server answers
  StackLock(const StackLock&) = delete;
  StackLock& operator=(const StackLock&) = delete;

  // kConflict "lock" when another deploy holds it.
  Result<void> take();
  // Before each step; asks the server only when a quarter of the lease is over. kConflict "lock" when it was lost.
  Result<void> renew();
  bool held() const { return !etag_.empty(); }

 private:
  Result<Answer> put(const std::string& condition, const std::string& value);
  std::unexpected<Error> busy(const Answer& found) const;

  Remote& remote_;
  std::string stack_, path_, token_;
  std::string etag_;
  std::uint64_t renewals_ = 0;
  std::chrono::steady_clock::time_point renewed_;
};

}  // namespace gust::cli
