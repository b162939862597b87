// The tokens of a PartiQL statement. Only for the parser of this module. Any thread. Source: "PartiQL reference for
// DynamoDB", DynamoDB developer guide.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

struct PartiqlToken {
  enum class Kind { kName, kQuotedName, kText, kNumber, kSymbol, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;  // without its quotes
  std::size_t line = 1, column = 1, length = 0;  // in characters, of what is written
};

inline constexpr std::size_t kMaxStatementBytes = 8192;

// kInvalid "expression": an open quote or comment, a character that begins nothing, or too many bytes. The last token
// is kEnd.
Result<std::vector<PartiqlToken>> partiql_tokens(std::string_view statement);

// "Statement wasn't well formed, can't be processed: " and the words.
std::unexpected<Error> not_well_formed(std::string_view words = {});

}  // namespace gust::tables
