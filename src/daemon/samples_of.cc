#include "daemon/samples_of.h"

#include <utility>

namespace gust::daemon {

SamplesOf::SamplesOf(std::vector<metrics::Sample>& out, const AccountId& account, std::string_view name_space,
                     metrics::Dimensions dimensions)
    : out_(out), account_(account), name_space_(name_space), dimensions_(std::move(dimensions)) {}

void SamplesOf::add(const char* name, std::string_view unit, metrics::Summary summary) {
  if (summary.count == 0) return;
  metrics::Sample sample;
  sample.metric = {account_, std::string(name_space_), name, dimensions_};
  sample.unit = metrics::parse_unit(unit).value_or(metrics::kNoUnit);
  sample.summary = std::move(summary);
  out_.push_back(std::move(sample));
}

void SamplesOf::add_count(const char* name, double sum, double events) {
  metrics::Summary summary;
  if (sum > 0) summary.add(1, sum);
  if (events > sum) summary.add(0, events - sum);
  add(name, "Count", std::move(summary));
}

}  // namespace gust::daemon
