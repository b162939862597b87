#include "logs/insights/aggregation.h"

#include <algorithm>
#include <cmath>

namespace gust::logs::insights {
namespace {

constexpr std::size_t kMaxGroups = 100'000, kMaxNumbers = 1 << 18, kMaxTexts = 1 << 20;

bool is_percentile(std::string_view function) {
  return function == "pct" || function == "percentile" || function == "median";
}

// Between the two values that it falls between.
Value percentile_of(std::vector<double> numbers, double percentile) {
  if (numbers.empty()) return {};
  std::ranges::sort(numbers);
  const double place = percentile / 100 * static_cast<double>(numbers.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const auto above = std::min(below + 1, numbers.size() - 1);
  return numbers[below] + (numbers[above] - numbers[below]) * (place - static_cast<double>(below));
}

}  // namespace

void Aggregation::Sum::add(const Aggregate& of, const Record& record) {
  if (!of.of) {
    ++count;
    return;
  }
  auto value = of.of->evaluate(record);
  if (is_missing(value)) return;
  ++count;
  if (const auto number = number_of(value)) {
    sum += *number;
    squares += *number * *number;
    // Past the room every number takes the place of one before it, so that all times have a part.
    if (is_percentile(of.function)) {
      if (numbers.size() < kMaxNumbers) numbers.push_back(*number);
      else numbers[count * 0x9e3779b97f4a7c15ULL >> 46] = *number;
    }
  }
  if (of.function == "count_distinct" && texts.size() < kMaxTexts) texts.insert(text_of(value));
  if (is_missing(least) || compare(value, least) < 0) least = value;
  if (is_missing(most) || compare(value, most) > 0) most = value;
  if (is_missing(earliest) || record.at_ms() < earliest_ms) {
    earliest = value;
    earliest_ms = record.at_ms();
  }
  if (is_missing(latest) || record.at_ms() >= latest_ms) {
    latest = std::move(value);
    latest_ms = record.at_ms();
  }
}

Value Aggregation::Sum::result(const Aggregate& of) const {
  const auto& name = of.function;
  const auto n = static_cast<double>(count);
  if (name == "count") return n;
  if (name == "count_distinct") return static_cast<double>(texts.size());
  if (count == 0) return {};
  if (name == "sum") return sum;
  if (name == "avg") return sum / n;
  if (name == "min" || name == "sortsfirst") return least;
  if (name == "max" || name == "sortslast") return most;
  if (name == "stddev") return std::sqrt(std::max(0.0, squares / n - sum / n * (sum / n)));
  if (name == "earliest") return earliest;
  if (name == "latest" || name == "values") return latest;
  return percentile_of(numbers, of.percentile);
}

void Aggregation::add(const Record& record) {
  std::vector<Value> by;
  std::string key;
  for (const auto& column : stats_.columns) {
    by.push_back(column.expression->evaluate(record));
    key += static_cast<char>('0' + by.back().index());
    key += text_of(by.back());
    key += '\0';
  }
  auto found = groups_.find(key);
  if (found == groups_.end()) {
    if (groups_.size() >= kMaxGroups) return;
    found = groups_.emplace(std::move(key), Group{std::move(by), std::vector<Sum>(stats_.aggregates.size())}).first;
  }
  for (std::size_t i = 0; i < stats_.aggregates.size(); ++i) found->second.sums[i].add(stats_.aggregates[i], record);
}

std::vector<Record> Aggregation::finish() const {
  std::vector<Record> out;
  const auto give = [&](const Group& group) {
    auto& record = out.emplace_back();
    for (std::size_t i = 0; i < group.by.size(); ++i) record.set(stats_.columns[i].name, group.by[i]);
    for (std::size_t i = 0; i < group.sums.size(); ++i)
      record.set(stats_.aggregates[i].name, group.sums[i].result(stats_.aggregates[i]));
  };
  for (const auto& [key, group] : groups_) give(group);
  // Of nothing there is one answer, too.
  if (groups_.empty() && stats_.columns.empty()) give({{}, std::vector<Sum>(stats_.aggregates.size())});
  return out;
}

}  // namespace gust::logs::insights
