// Metrics: what is counted while Gust runs, as Prometheus reads it: a thin skin over prometheus-cpp, whose headers stay
// in metrics.cc. Not per account or function: that is the meter's. Counters and histograms may be used on any thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace prometheus {
class Counter;
class Histogram;
class Registry;
}  // namespace prometheus

namespace gust::telemetry {

using Labels = std::map<std::string, std::string>;

class Counter {
 public:
  explicit Counter(prometheus::Counter& counter) : counter_(&counter) {}
  void add(std::uint64_t count = 1);
  std::uint64_t value() const;

 private:
  prometheus::Counter* counter_;
};

class Histogram {
 public:
  explicit Histogram(prometheus::Histogram& histogram) : histogram_(&histogram) {}
  void observe(double value);
  std::uint64_t count() const;
  // 0 to 1: estimated within its bucket, in proportion, as PromQL's histogram_quantile does. 0 when there is nothing.
  double quantile(double q) const;

 private:
  prometheus::Histogram* histogram_;
};

// Values that are read when they are asked for.
struct Reading {
  enum class Kind { kGauge, kCounter };
  std::string name, help;
  Kind kind = Kind::kGauge;
  std::vector<std::pair<Labels, double>> samples;
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // The same name has one help and one kind. What is made lives as long as this.
  Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
  // `bounds` grow; what is above the last is counted, too.
  Histogram histogram(const std::string& name, const std::string& help, const Labels& labels,
                      const std::vector<double>& bounds);
  // All of it, then the readings: text format 0.0.4, of the media type kContentType.
  std::string text(const std::vector<Reading>& readings) const;
  static constexpr const char* kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  std::unique_ptr<prometheus::Registry> registry_;
};

}  // namespace gust::telemetry
