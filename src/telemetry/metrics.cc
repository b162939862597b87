#include "telemetry/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <cmath>

namespace gust::telemetry {
namespace {

prometheus::MetricFamily family_of(const Reading& reading) {
  const bool counts = reading.kind == Reading::Kind::kCounter;
  prometheus::MetricFamily family;
  family.name = reading.name;
  family.help = reading.help;
  family.type = counts ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const auto& [labels, value] : reading.samples) {
    auto& metric = family.metric.emplace_back();
    for (const auto& [name, text] : labels) metric.label.push_back({name, text});
    (counts ? metric.counter.value : metric.gauge.value) = value;
  }
  return family;
}

}  // namespace

void Counter::add(std::uint64_t count) { counter_->Increment(static_cast<double>(count)); }

std::uint64_t Counter::value() const { return static_cast<std::uint64_t>(counter_->Value()); }

void Histogram::observe(double value) { histogram_->Observe(value); }

std::uint64_t Histogram::count() const { return histogram_->Collect().histogram.sample_count; }

double Histogram::quantile(double q) const {
  const auto counted = histogram_->Collect().histogram;
  const auto rank = q * static_cast<double>(counted.sample_count);
  double below = 0, bound = 0;  // of the bucket before
  for (const auto& bucket : counted.bucket) {
    const auto here = static_cast<double>(bucket.cumulative_count);
    if (here > below && here >= rank) {
      // Nothing is known of where the last one's values are.
      if (std::isinf(bucket.upper_bound)) return bound;
      return bound + (bucket.upper_bound - bound) * (rank - below) / (here - below);
    }
    below = here;
    bound = bucket.upper_bound;
  }
  return 0;
}

Metrics::Metrics() : registry_(std::make_unique<prometheus::Registry>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
  return Counter(prometheus::BuildCounter().Name(name).Help(help).Register(*registry_).Add(labels));
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                             const std::vector<double>& bounds) {
  return Histogram(prometheus::BuildHistogram().Name(name).Help(help).Register(*registry_).Add(labels, bounds));
}

std::string Metrics::text(const std::vector<Reading>& readings) const {
  auto families = registry_->Collect();
  for (const auto& reading : readings) families.push_back(family_of(reading));
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace gust::telemetry
