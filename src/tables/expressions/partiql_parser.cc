#include "tables/expressions/partiql_parser.h"

#include "tables/expressions/condition_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace gust::tables {
namespace {

using Lexeme = PartiqlToken;

constexpr auto kStatement = ExpressionKind::kStatement;

// What a path is called in an answer: its last name, and the indexes behind.
std::string answered(const DocumentPath& path) {
  std::string out;
  for (const auto& step : path.steps) {
    if (const auto* name = std::get_if<std::string>(&step))
      out = *name;
    else
      out += fmt::format("[{}]", std::get<std::size_t>(step));
  }
  return out;
}

void add_pinned(const ConditionNode& node, std::set<std::string>& out) {
  for (const auto& child : node.of) {
    if (node.kind == ConditionNode::Kind::kAnd) add_pinned(child, out);
  }
  if (node.kind != ConditionNode::Kind::kEqual && node.kind != ConditionNode::Kind::kIn) return;
  for (const auto& operand : node.operands) {
    const auto* path = std::get_if<DocumentPath>(&operand.is);
    if (path != nullptr && operand.measure == Operand::Measure::kItself && path->steps.size() == 1)
      out.insert(path->top());
  }
}

// What must equal a value, or one of some, wherever the condition holds.
std::set<std::string> pinned_in(const ConditionNode& root) {
  std::set<std::string> out;
  add_pinned(root, out);
  return out;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

}  // namespace

std::string place(const Lexeme& token) { return fmt::format(" at {}:{}:{}", token.line, token.column, token.length); }

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

bool is_partiql_keyword(std::string_view word) {
  constexpr std::array<std::string_view, 30> kWords = {
      "SELECT", "FROM",  "WHERE", "AND",    "OR",   "NOT", "BETWEEN", "IN",     "IS",    "INSERT",
      "INTO",   "VALUE", "SET",   "REMOVE", "MISSING", "NULL", "TRUE", "FALSE", "ORDER", "BY",
      "ASC",    "DESC",  "AS",    "LIMIT",  "UPDATE", "DELETE", "EXISTS", "RETURNING", "LIKE", "GROUP"};
  return std::ranges::any_of(kWords, [&](std::string_view each) { return same_word(word, each); });
}

const Lexeme& PartiqlParser::peek(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

PartiqlToken PartiqlParser::next() {
  auto token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool PartiqlParser::is_symbol(std::string_view symbol) const {
  return peek().kind == Lexeme::Kind::kSymbol && peek().text == symbol;
}

bool PartiqlParser::is_word(std::string_view upper) const {
  return peek().kind == Lexeme::Kind::kName && same_word(peek().text, upper);
}

bool PartiqlParser::take(std::string_view symbol) {
  const bool there = is_symbol(symbol);
  if (there) next();
  return there;
}

bool PartiqlParser::take_word(std::string_view upper) {
  const bool there = is_word(upper);
  if (there) next();
  return there;
}

Result<void> PartiqlParser::expect(std::string_view symbol) {
  if (!take(symbol)) return unexpected();
  return {};
}

Result<void> PartiqlParser::expect_word(std::string_view upper) {
  if (!take_word(upper)) return unexpected();
  return {};
}

std::unexpected<Error> PartiqlParser::unexpected() const {
  const auto& token = peek();
  if (token.kind == Lexeme::Kind::kName && is_partiql_keyword(token.text)) return not_well_formed("Unexpected keyword");
  return not_well_formed("Unexpected term");
}

Result<void> PartiqlParser::end() {
  take(";");
  if (peek().kind != Lexeme::Kind::kEnd) return not_well_formed("Unexpected token after expression");
  return {};
}

Result<Statement> PartiqlParser::statement() {
  const auto parsed = [&]() -> Result<Statement> {
    if (take_word("SELECT")) return select();
    if (take_word("INSERT")) return insert();
    if (take_word("UPDATE")) return update();
    if (take_word("DELETE")) return remove();
    if (take_word("EXISTS")) return exists();
    if (take_word("FROM")) return from();
    const bool defines = is_word("DROP") || is_word("CREATE");
    if (peek().kind == Lexeme::Kind::kName && !defines) return not_well_formed("Expected data manipulation");
    return unexpected();
  };
  auto out = parsed();
  if (!out) return out;
  GUST_CHECK(end());
  if (used_ != parameters_.size()) return refused("Number of parameters in request and statement don't match.");
  return out;
}

Result<Statement> PartiqlParser::select() {
  Statement out{.kind = Statement::Kind::kSelect, .table = {}};
  GUST_CHECK(wanted(out));
  GUST_CHECK(expect_word("FROM"));
  GUST_CHECK(table(out));
  if (is_word("WHERE")) GUST_CHECK(where(out));
  if (is_word("ORDER")) GUST_CHECK(order(out));
  return out;
}

Result<Statement> PartiqlParser::exists() {
  GUST_CHECK(expect("("));
  GUST_CHECK(expect_word("SELECT"));
  GUST_TRY(auto out, select());
  GUST_CHECK(expect(")"));
  if (!out.where || !out.order.empty())
    return refused("EXISTS() must contain a single item read with additional condition");
  out.kind = Statement::Kind::kExists;
  return out;
}

Result<Statement> PartiqlParser::insert() {
  Statement out{.kind = Statement::Kind::kInsert, .table = {}};
  GUST_CHECK(expect_word("INTO"));
  if (peek().kind != Lexeme::Kind::kName && peek().kind != Lexeme::Kind::kQuotedName) return unexpected();
  GUST_TRY(out.table, name());
  if (is_symbol(".")) return refused("FROM clause may only contain a single table name");
  if (!take_word("VALUE")) return not_well_formed("Unexpected token after expression");
  if (!is_symbol("{") && !is_symbol("?")) return unexpected();
  GUST_TRY(auto value, literal(""));
  if (!value.as<Item>()) return refused("Unsupported data type: only a map can be inserted");
  out.item = std::move(*value.as<Item>());
  return out;
}

Result<Statement> PartiqlParser::update() {
  Statement out{.kind = Statement::Kind::kUpdate, .table = {}};
  GUST_CHECK(table(out));
  if (!is_word("SET") && !is_word("REMOVE")) return unexpected();
  GUST_CHECK(changes(out));
  GUST_CHECK(where(out));
  GUST_CHECK(returning(out));
  return out;
}

// FROM "T" WHERE ... SET ...: the other way to write an UPDATE.
Result<Statement> PartiqlParser::from() {
  Statement out{.kind = Statement::Kind::kUpdate, .table = {}};
  GUST_CHECK(table(out));
  GUST_CHECK(where(out));
  if (!is_word("SET") && !is_word("REMOVE")) return unexpected();
  GUST_CHECK(changes(out));
  GUST_CHECK(returning(out));
  return out;
}

Result<Statement> PartiqlParser::remove() {
  Statement out{.kind = Statement::Kind::kDelete, .table = {}};
  GUST_CHECK(expect_word("FROM"));
  GUST_CHECK(table(out));
  GUST_CHECK(where(out));
  GUST_CHECK(returning(out));
  return out;
}

Result<void> PartiqlParser::wanted(Statement& out) {
  if (take("*")) return {};
  auto none = Placeholders();
  std::vector<DocumentPath> paths;
  do {
    const auto& token = peek();
    if (token.kind == Lexeme::Kind::kName && peek(1).kind == Lexeme::Kind::kSymbol && peek(1).text == "(")
      return refused("Unexpected path component" + place(token));
    GUST_TRY(const auto written, path());
    GUST_TRY(auto resolved, resolve_path(kStatement, written, none));
    paths.push_back(resolved);
    auto name = answered(resolved);
    out.wanted.push_back({std::move(resolved), std::move(name)});
  } while (take(","));
  return check_apart(kStatement, paths);
}

// Of a table or an index.
Result<std::string> PartiqlParser::name() {
  auto out = next().text;
  if (out.empty()) return refused("Path component cannot be an empty string");
  return out;
}

Result<void> PartiqlParser::table(Statement& out) {
  const auto is_name = [&] {
    return peek().kind == Lexeme::Kind::kQuotedName ||
           (peek().kind == Lexeme::Kind::kName && !is_partiql_keyword(peek().text));
  };
  if (!is_name()) return unexpected();
  GUST_TRY(out.table, name());
  if (take(".")) {
    if (!is_name()) return unexpected();
    GUST_TRY(out.index, name());
  }
  if (is_symbol(".")) return refused("A path may contain at most 2 components in the FROM clause");
  if (!out.index.empty() && out.kind != Statement::Kind::kSelect)
    return refused("This operation is not supported on an index");
  if (is_word("AS") || is_name()) return refused("Aliasing is not supported");
  return {};
}

Result<void> PartiqlParser::where(Statement& out) {
  GUST_CHECK(expect_word("WHERE"));
  GUST_TRY(const auto root, either());
  if (!is_condition(root)) return unexpected();
  GUST_CHECK(check_function_uses(kStatement, root));
  auto placeholders = values_.empty() ? Placeholders() : Placeholders::of(std::nullopt, values_).value();
  GUST_TRY(auto node, resolve_condition(kStatement, root, placeholders));
  auto of_keys = key_conditions_in(node);
  auto pinned = pinned_in(node);
  out.where.emplace(ConditionExpression(std::move(node)), std::move(of_keys), std::move(pinned));
  return {};
}

Result<void> PartiqlParser::order(Statement& out) {
  GUST_CHECK(expect_word("ORDER"));
  GUST_CHECK(expect_word("BY"));
  do {
    GUST_TRY(const auto written, path());
    if (written.size() != 1) return unexpected();
    Statement::Order each{.attribute = written.front().text};
    if (take_word("DESC"))
      each.direction = Statement::Order::Direction::kDescending;
    else
      take_word("ASC");
    out.order.push_back(std::move(each));
  } while (take(","));
  return {};
}

Result<void> PartiqlParser::changes(Statement& out) {
  std::vector<WrittenAction> actions;
  while (is_word("SET") || is_word("REMOVE")) {
    const bool sets = same_word(next().text, "SET");
    do {
      WrittenAction action{.kind = UpdateAction::Kind::kRemove, .path = {}};
      if (sets) {
        GUST_TRY(action, assignment());
      } else {
        GUST_TRY(action.path, path());
      }
      actions.push_back(std::move(action));
    } while (take(","));
  }
  for (const auto& action : actions) GUST_CHECK(check_function_uses(kStatement, action));
  auto placeholders = values_.empty() ? Placeholders() : Placeholders::of(std::nullopt, values_).value();
  GUST_TRY(out.update, resolve_update(kStatement, actions, placeholders));
  return {};
}

Result<WrittenAction> PartiqlParser::assignment() {
  WrittenAction out{.kind = UpdateAction::Kind::kSet, .path = {}};
  GUST_TRY(out.path, path());
  GUST_CHECK(expect("="));
  const auto function = peek();
  const bool calls = peek(1).kind == Lexeme::Kind::kSymbol && peek(1).text == "(";
  if (calls && (is_word("SET_ADD") || is_word("SET_DELETE"))) {
    GUST_CHECK(set_function(out, function));
    return out;
  }
  GUST_TRY(auto left, operand());
  if (!is_symbol("+") && !is_symbol("-")) {
    out.value = std::move(left);
    return out;
  }
  out.value = {.kind = SyntaxNode::Kind::kSum, .text = next().text};
  GUST_TRY(auto right, operand());
  out.value.of.push_back(std::move(left));
  out.value.of.push_back(std::move(right));
  return out;
}

// set_add(path, set) and set_delete(path, set), of the path that is assigned to.
Result<void> PartiqlParser::set_function(WrittenAction& action, const Lexeme& function) {
  const auto name = upper(function.text);
  next();
  GUST_CHECK(expect("("));
  const auto first = peek();
  std::vector<SyntaxNode> arguments;
  do {
    GUST_TRY(auto argument, operand());
    arguments.push_back(std::move(argument));
  } while (take(","));
  GUST_CHECK(expect(")"));
  if (arguments.size() != 2) return refused(fmt::format("{} must have exactly two arguments{}", name, place(function)));
  const auto same = [](const SyntaxStep& left, const SyntaxStep& right) {
    return left.kind == right.kind && left.text == right.text;
  };
  if (arguments[0].kind != SyntaxNode::Kind::kPath || !std::ranges::equal(arguments[0].path, action.path, same))
    return refused(fmt::format("The first argument to {} must equal the assignment value{}", name, place(function)));
  const bool is_value = arguments[1].kind == SyntaxNode::Kind::kValue;
  if (!is_value || values_.at(arguments[1].text).type() < Type::kStringSet)
    return refused(fmt::format("The second argument to {} must be a value with type SET{}", name, place(first)));
  action.kind = name == "SET_ADD" ? UpdateAction::Kind::kAdd : UpdateAction::Kind::kDelete;
  action.value = std::move(arguments[1]);
  return {};
}

Result<void> PartiqlParser::returning(Statement& out) {
  using Returning = Statement::Returning;
  if (!take_word("RETURNING")) return {};
  const bool all = is_word("ALL");
  if (!all && !is_word("MODIFIED")) return unexpected();
  next();
  const bool old = is_word("OLD");
  if (!old && !is_word("NEW")) return unexpected();
  next();
  GUST_CHECK(expect("*"));
  if (all)
    out.returning = old ? Returning::kAllOld : Returning::kAllNew;
  else
    out.returning = old ? Returning::kModifiedOld : Returning::kModifiedNew;
  return {};
}

}  // namespace gust::tables
