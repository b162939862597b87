#include "metrics/statistic.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gust::metrics {
namespace {

constexpr std::array<std::pair<std::string_view, Statistic::Kind>, 5> kPlain = {{
    {"SampleCount", Statistic::Kind::kSampleCount},
    {"Average", Statistic::Kind::kAverage},
    {"Sum", Statistic::Kind::kSum},
    {"Minimum", Statistic::Kind::kMinimum},
    {"Maximum", Statistic::Kind::kMaximum},
}};

// Trimmed means of two bounds, winsorized means, trimmed counts and sums, percentile ranks, the interquartile mean.
constexpr std::string_view kUnserved[] = {"TM(", "WM(", "TC(", "TS(", "PR(", "IQM", "wm", "tc", "ts"};
constexpr std::size_t kLongest = 14;  // digits of a share

std::optional<double> share_of(std::string_view text) {
  double out = 0;
  const bool plain = !text.empty() && text.size() <= kLongest &&
                     std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
  if (!plain) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || out > 100) return std::nullopt;
  return out;
}

}  // namespace

Result<Statistic> parse_statistic(std::string_view name) {
  for (const auto& [plain, kind] : kPlain) {
    if (name == plain) return Statistic{kind, 0, std::string(name)};
  }
  if (name.starts_with("tm")) {
    const auto at = share_of(name.substr(2));
    if (at) return Statistic{Statistic::Kind::kTrimmedMean, *at, std::string(name)};
  } else if (name.starts_with("p")) {
    const auto at = share_of(name.substr(1));
    if (at) return Statistic{Statistic::Kind::kPercentile, *at, std::string(name)};
  }
  const auto shown = name.substr(0, 40);
  for (const auto unserved : kUnserved) {
    if (name.starts_with(unserved)) {
      return fail(Code::kUnsupported,
                  fmt::format("The statistic {} is not served: Gust has SampleCount, Average, Sum, Minimum, Maximum, "
                              "percentiles (p99.9) and trimmed means (tm99)",
                              shown),
                  "statistic");
    }
  }
  return fail(Code::kInvalid, fmt::format("The value {} for parameter Stat is not a statistic", shown), "statistic");
}

std::optional<double> value_of(const Statistic& statistic, const Summary& summary) {
  if (summary.count == 0) return std::nullopt;
  if (statistic.is_extended() && summary.known == Summary::Known::kNotAll) return std::nullopt;
  const auto within = [&](double value) { return std::clamp(value, summary.min, summary.max); };
  switch (statistic.kind) {
    case Statistic::Kind::kSampleCount: return summary.count;
    case Statistic::Kind::kAverage: return summary.sum / summary.count;
    case Statistic::Kind::kSum: return summary.sum;
    case Statistic::Kind::kMinimum: return summary.min;
    case Statistic::Kind::kMaximum: return summary.max;
    case Statistic::Kind::kPercentile: return within(summary.values.quantile(statistic.at / 100));
    case Statistic::Kind::kTrimmedMean: return within(summary.values.mean_between(0, statistic.at / 100));
  }
  return std::nullopt;
}

}  // namespace gust::metrics
