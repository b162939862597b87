// Distribution: how often which values came, in bounded room. Up to kMost different values are kept as they are. Past
// that each stands for a range: of a 64th of an octave (a factor of two), whose middle is within 0.55 % of every value
// in it; and of twice as much each time that there are still too many. kMost ranges of 0.55 % cover 8 octaves that are
// all filled, of 1.1 % 16 octaves (1 ms to 65 s), of 2.2 % 32. Not for counting by several threads; one at a time.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace gust::metrics {

class Distribution {
 public:
  static constexpr std::size_t kMost = 512;
  // Of ranges: level 0 has 64 in an octave, each further one half as many. kExact: values are as they came.
  static constexpr int kExact = -1, kCoarsest = 10;

  Distribution() = default;
  // As values() and level() gave them; what is no order or too coarse is put right.
  Distribution(int level, std::vector<std::pair<double, double>> values);

  void add(double value, double count = 1);
  void merge(const Distribution& other);

  bool empty() const { return values_.empty(); }
  int level() const { return level_; }
  // Each with its count, in the order of the values.
  const std::vector<std::pair<double, double>>& values() const { return values_; }

  // The smallest value that `share` (0 to 1) of all are not above: the nearest rank. 0 of none.
  double quantile(double share) const;
  // The mean of what is between two shares. 0 of none.
  double mean_between(double low, double high) const;

 private:
  void insert(double value, double count);
  void coarsen_to(int level);
  void bound();

  int level_ = kExact;
  std::vector<std::pair<double, double>> values_;
};

}  // namespace gust::metrics
