// Tracking: what target tracking makes of the use of the last minutes. Pure; any thread.
#pragma once

#include "scaling/types.h"

#include <deque>
#include <optional>
#include <vector>

namespace gust::scaling {

inline constexpr std::size_t kPointsOut = 3, kPointsIn = 15;
inline constexpr double kScaleInShare = 0.9;  // of the target, below which it scales in

// The use of one resource: samples make a datapoint, the last kPointsIn are kept.
class Series {
 public:
  void sample(double use) {
    sum_ += use;
    ++count_;
  }
  // Makes a datapoint of the samples since the last; without any, what went before does not count either.
  void close();
  const std::deque<double>& points() const { return points_; }

 private:
  std::deque<double> points_;
  double sum_ = 0;
  std::size_t count_ = 0;
};

struct Decision {
  std::uint32_t wanted = 0;
  Direction direction = Direction::kOut;
  std::string policy;
};

// What to do, if anything. The policy that wants the most decides; scaling in takes the consent of every policy that
// may scale in. `current` is the resource's number.
std::optional<Decision> decide(const Target& target, const std::vector<Policy>& policies,
                               const std::deque<double>& points, std::uint32_t current, WallTime now);

}  // namespace gust::scaling
