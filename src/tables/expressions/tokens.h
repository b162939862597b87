// The tokens of an expression, read one after the other. Only for the parsers of this module. Any thread.
#pragma once

#include "base/result.h"
#include "tables/expressions/placeholders.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

struct Token {
  enum class Kind { kName, kNamePlaceholder, kValuePlaceholder, kNumber, kSymbol, kUnknown, kEnd };
  Kind kind = Kind::kEnd;
  std::string_view text;  // of the expression; "<EOF>" of kEnd
  std::size_t begin = 0, end = 0;
};

class Tokens {
 public:
  // kInvalid "expression": nothing but white space, or more than kMaxExpressionBytes. `text` outlives this.
  static Result<Tokens> of(ExpressionKind kind, std::string_view text);

  ExpressionKind kind() const { return kind_; }
  const Token& peek(std::size_t ahead = 0) const;
  Token next();
  bool at_end() const { return peek().kind == Token::Kind::kEnd; }

  bool is(std::string_view symbol) const;
  // A keyword, in any case.
  bool is_word(std::string_view upper) const;
  bool take(std::string_view symbol);
  bool take_word(std::string_view upper);

  // 'Invalid UpdateExpression: Syntax error; token: "x", near: "a x b"', at the token that is next.
  std::unexpected<Error> syntax_error() const;
  Result<void> expect(std::string_view symbol);
  Result<void> expect_word(std::string_view upper);
  Result<void> expect_end();

 private:
  Tokens() = default;
  void add(Token::Kind kind, std::size_t begin, std::size_t end);

  ExpressionKind kind_ = ExpressionKind::kCondition;
  std::string_view text_;
  std::vector<Token> tokens_;  // the last one is kEnd
  std::size_t at_ = 0;
};

// "Invalid ConditionExpression: " and the words; of kStatement, only the words.
std::unexpected<Error> invalid(ExpressionKind kind, std::string_view words);

bool same_word(std::string_view word, std::string_view upper);

}  // namespace gust::tables
