// PartiqlParser: tokens become a Statement, by recursive descent of bounded depth. Only for partiql*.cc.
#pragma once

#include "base/result.h"
#include "tables/expressions/syntax.h"
#include "tables/expressions/update_action.h"
#include "tables/expressions/partiql.h"
#include "tables/expressions/partiql_tokens.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gust::tables {

class PartiqlParser {
 public:
  PartiqlParser(std::vector<PartiqlToken> tokens, const std::vector<Value>& parameters)
      : tokens_(std::move(tokens)), parameters_(parameters) {}

  Result<Statement> statement();

 private:
  using Node = SyntaxNode;

  // partiql_parser.cc: statements and clauses.
  Result<Statement> select();
  Result<Statement> exists();
  Result<Statement> insert();
  Result<Statement> update();
  Result<Statement> remove();
  Result<Statement> from();
  Result<void> wanted(Statement& out);
  Result<void> table(Statement& out);
  Result<std::string> name();
  Result<void> where(Statement& out);
  Result<void> order(Statement& out);
  Result<void> changes(Statement& out);
  Result<WrittenAction> assignment();
  Result<void> set_function(WrittenAction& action, const PartiqlToken& function);
  Result<void> returning(Statement& out);
  Result<void> end();

  // partiql_values.cc: conditions, operands, literals.
  Result<Node> either();
  Result<Node> both();
  Result<Node> negated();
  Result<Node> comparison();
  Result<Node> is(Node first);
  Result<Node> among(Node first);
  Result<Node> operand();
  Result<Node> group();
  Result<Node> function();
  Result<SyntaxPath> path();
  // `where` is "root.a[0]": what the value is a part of, for errors.
  Result<Value> literal(const std::string& where);
  Result<Value> number(const std::string& where);
  Result<Value> list(const std::string& where);
  Result<Value> bag(const std::string& where);
  Result<Value> map(const std::string& where);
  Result<Value> parameter();
  Result<Node> nested(Result<Node> (PartiqlParser::*part)());
  Node value_node(Value value);

  const PartiqlToken& peek(std::size_t ahead = 0) const;
  PartiqlToken next();
  bool is_symbol(std::string_view symbol) const;
  bool is_word(std::string_view upper) const;
  bool take(std::string_view symbol);
  bool take_word(std::string_view upper);
  Result<void> expect(std::string_view symbol);
  Result<void> expect_word(std::string_view upper);
  std::unexpected<Error> unexpected() const;

  std::vector<PartiqlToken> tokens_;
  const std::vector<Value>& parameters_;
  std::size_t at_ = 0, used_ = 0, depth_ = 0, literal_depth_ = 0;
  Placeholders::Values values_;  // the literals and parameters, as an expression would have them
};

// " at 1:8:16", behind the words of some messages.
std::string place(const PartiqlToken& token);
bool is_partiql_keyword(std::string_view word);
std::string lower(std::string_view text);

}  // namespace gust::tables
