// Query: the commands of an Insights query, one after another. Immutable once parsed; any thread. Source: "CloudWatch
// Logs Insights language query syntax" of the guide.
#pragma once

#include "base/result.h"
#include "logs/insights/expression.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::logs::insights {

// A column of results: the expression, and its name, which is its text where it has no other.
struct Column {
  ExpressionPtr expression;
  std::string name;
  enum class Shown { kPlain, kTime } shown = Shown::kPlain;
};

// A function over all records of a group: count(*) has no expression.
struct Aggregate {
  std::string function, name;
  ExpressionPtr of;
  double percentile = 0;
};

struct SortKey {
  ExpressionPtr by;
  enum class Order { kAscending, kDescending } order = Order::kAscending;
};

struct Command {
  enum class Kind { kFields, kDisplay, kFilter, kParse, kStats, kSort, kLimit, kDedup } kind = Kind::kFields;
  std::vector<Column> columns;          // of fields and display, of stats' "by", of dedup
  std::vector<Aggregate> aggregates;    // of stats
  ExpressionPtr expression;             // of filter; what parse looks at
  std::shared_ptr<const re2::RE2> regex;  // of parse
  std::vector<std::string> names;       // of its captures
  std::vector<SortKey> keys;            // of sort
  std::size_t limit = 0;
};

struct Query {
  std::vector<Command> commands;

  bool aggregates() const;
  // What each event that can have a part in the result has.
  Needs needs() const;
};

inline constexpr std::size_t kMaxQuery = 10'000;  // characters

// kInvalid "query" says what is wrong and where.
Result<Query> parse_query(std::string_view text);

}  // namespace gust::logs::insights
