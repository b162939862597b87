// NetworkPool: network namespaces made ahead, each with its loopback up and nothing else, since making one takes
// longer than all other namespaces of a sandbox together. Part of gust-launcher; single-threaded.
#pragma once

#include "base/result.h"
#include "sandbox/fd.h"

#include <cstddef>
#include <vector>

namespace gust::sandbox::launcher {

class NetworkPool {
 public:
  static constexpr std::size_t kMost = 8;

  // One that nobody else has or gets; an empty Fd when none stands ready.
  Fd take();
  bool full() const { return ready_.size() >= kMost || broken_; }
  // Makes one. After an error there are no more: sandboxes then make their own.
  Result<void> add();

 private:
  std::vector<Fd> ready_;
  bool broken_ = false;
};

}  // namespace gust::sandbox::launcher
