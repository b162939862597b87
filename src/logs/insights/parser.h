// Expressions from the words of a query. Any thread.
#pragma once

#include "logs/insights/expression.h"
#include "logs/insights/lexer.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::logs::insights {

class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  const Token& here() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  void move() { at_ = std::min(at_ + 1, tokens_.size() - 1); }
  bool take(std::string_view sign);
  bool take_word(std::string_view word);
  std::unexpected<Error> error(std::string_view expected) const;
  // The text of the query from the word at `begin` up to here.
  std::size_t place() const { return at_; }
  std::string text_since(std::size_t begin) const;

  Result<ExpressionPtr> expression();
  Result<std::string> field_name();

 private:
  Result<ExpressionPtr> conjunction();
  Result<ExpressionPtr> negation();
  Result<ExpressionPtr> comparison();
  Result<ExpressionPtr> tested(ExpressionPtr left);
  Result<ExpressionPtr> like(ExpressionPtr left);
  Result<ExpressionPtr> membership(ExpressionPtr left);
  Result<ExpressionPtr> sum();
  Result<ExpressionPtr> product();
  Result<ExpressionPtr> power();
  Result<ExpressionPtr> value();
  Result<ExpressionPtr> call(std::string name);

  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace gust::logs::insights
