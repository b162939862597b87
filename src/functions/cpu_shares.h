// CpuShares: whose the CPU time of an instance is, of which the kernel only tells the total: what passes between two
// readings is shared by the invocations that ran meanwhile, in proportion to how long each did. What all of them get is
// the total, to the microsecond. Loop thread only.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <vector>

namespace gust::functions {

class CpuShares {
 public:
  using Claim = std::uint64_t;
  static constexpr Claim kNone = 0;  // of who ran alone

  // An invocation begins and ends; `end` may be called more than once, the first counts.
  Claim begin(SteadyTime now);
  void end(Claim claim, SteadyTime now);
  // What is the claim's, given the total that was read now; the claim is over.
  std::uint64_t take(Claim claim, std::uint64_t total_us, SteadyTime now);

 private:
  struct Running {
    Claim claim;
    SteadyTime since{}, until = SteadyTime::max();
    std::uint64_t us = 0;
  };

  std::vector<Running> running_;
  Claim last_ = kNone;
  std::uint64_t shared_us_ = 0;
};

}  // namespace gust::functions
