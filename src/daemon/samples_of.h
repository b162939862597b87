// SamplesOf: makes the samples of what one thing counts: of one account, namespace and set of dimensions.
#pragma once

#include "metrics/metric.h"

#include <string_view>
#include <vector>

namespace gust::daemon {

class SamplesOf {
 public:
  // Samples go behind those of `out`, without their time. `out` and `account` outlive this.
  SamplesOf(std::vector<metrics::Sample>& out, const AccountId& account, std::string_view name_space,
            metrics::Dimensions dimensions);

  // Nothing of a summary that is empty.
  void add(const char* name, std::string_view unit, metrics::Summary summary);
  // A count of `sum` among `events`, of which each counts one or nothing.
  void add_count(const char* name, double sum, double events);

 private:
  std::vector<metrics::Sample>& out_;
  const AccountId& account_;
  std::string_view name_space_;
  metrics::Dimensions dimensions_;
};

}  // namespace gust::daemon
