// Metric math: expressions over series of values: numbers, + - * / and parentheses, the ids of other queries, lists of
// them [m1, m2], and AVG, MAX, MIN, SUM and FILL. Source: "Using math expressions with CloudWatch metrics". What the
// service has beside that is refused by its name. Any thread.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace gust::metrics {

// The values of a query, by the starts of their pieces.
struct ValueSeries {
  std::map<std::int64_t, double> values;
  std::int64_t from_s = 0, to_s = 0, period_s = 60;  // where it could have values
};

using MathValue = std::variant<double, ValueSeries, std::vector<ValueSeries>>;

// What an id stands for. kInvalid "math" when it is nobody's.
using Lookup = std::function<Result<MathValue>(const std::string& id)>;

// kInvalid "math" says where and what; kUnsupported "math" of a function that is not served.
Result<MathValue> compute(std::string_view expression, const Lookup& lookup);

}  // namespace gust::metrics
