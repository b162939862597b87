// The words of an Insights query. Any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::logs::insights {

struct Token {
  enum class Kind { kEnd, kName, kNumber, kPeriod, kText, kRegex, kSign } kind = Kind::kEnd;
  std::string text;      // of names, texts, expressions and signs
  std::string_view raw;  // as it stands in the query
  double number = 0;     // of numbers; of periods in milliseconds
  enum class Quoting { kNone, kBackticks } quoting = Quoting::kNone;  // of a name

  bool is(std::string_view sign) const { return kind == Kind::kSign && text == sign; }
  bool is_word(std::string_view word) const;  // of any case
};

// The last is kEnd. The query stays as long as the tokens are used. kInvalid "query".
Result<std::vector<Token>> tokens_of(std::string_view query);

}  // namespace gust::logs::insights
