#include "logs/insights/query.h"

#include "logs/insights/parser.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <array>

namespace gust::logs::insights {
namespace {

constexpr std::size_t kMaxCommands = 100, kMaxLimit = 100'000;
constexpr std::array<std::string_view, 15> kAggregates = {
    "count", "count_distinct", "sum",     "avg",    "min",        "max",      "stddev", "pct",
    "median", "percentile",    "earliest", "latest", "sortsfirst", "sortslast", "values"};

std::string lower(std::string text) {
  for (auto& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

Column::Shown shown(const Expression& expression) {
  constexpr std::array<std::string_view, 4> kTimes = {"bin", "datefloor", "dateceil", "frommillis"};
  const bool field = expression.kind == Expression::Kind::kField &&
                     (expression.name == "@timestamp" || expression.name == "@ingestionTime");
  const bool call =
      expression.kind == Expression::Kind::kCall && std::ranges::find(kTimes, expression.name) != kTimes.end();
  return field || call ? Column::Shown::kTime : Column::Shown::kPlain;
}

// The expression of "user=* ip=*", whose stars are captures.
std::string regex_of_glob(std::string_view glob, std::size_t& stars) {
  std::string out = "(?s)";
  for (std::size_t at = 0;;) {
    const auto star = glob.find('*', at);
    const auto literal = glob.substr(at, star == std::string_view::npos ? star : star - at);
    out += re2::RE2::QuoteMeta(re2::StringPiece(literal.data(), literal.size()));
    if (star == std::string_view::npos) return out;
    ++stars;
    at = star + 1;
    out += at == glob.size() ? "(.*)" : "(.*?)";
  }
}

// (?<name>...) in the way that RE2 takes it.
std::string with_names(std::string text) {
  for (auto at = text.find("(?<"); at != std::string::npos; at = text.find("(?<", at + 3)) {
    if (at + 3 < text.size() && text[at + 3] != '=' && text[at + 3] != '!') text.insert(at + 2, "P");
  }
  return text;
}

class QueryParser {
 public:
  explicit QueryParser(std::vector<Token> tokens) : in_(std::move(tokens)) {}

  Result<Query> run() {
    Query out;
    do {
      if (in_.here().kind == Token::Kind::kEnd && !out.commands.empty()) break;  // a bar at the end
      GUST_TRY(auto one, command());
      out.commands.push_back(std::move(one));
    } while (out.commands.size() < kMaxCommands && in_.take("|"));
    if (in_.here().kind != Token::Kind::kEnd) return in_.error("| or the end");
    return out;
  }

 private:
  Result<Command> command() {
    if (in_.take_word("fields")) return columns(Command::Kind::kFields);
    if (in_.take_word("display")) return columns(Command::Kind::kDisplay);
    if (in_.take_word("dedup")) return columns(Command::Kind::kDedup);
    if (in_.take_word("filter")) return filter();
    if (in_.take_word("parse")) return parse();
    if (in_.take_word("stats")) return stats();
    if (in_.take_word("sort")) return sort();
    if (in_.take_word("limit")) return limit();
    return in_.error("a command: fields, filter, parse, stats, sort, limit, display or dedup");
  }

  Result<Column> column() {
    Column out;
    const auto begin = in_.place();
    GUST_TRY(out.expression, in_.expression());
    out.name = out.expression->kind == Expression::Kind::kField ? out.expression->name : in_.text_since(begin);
    out.shown = shown(*out.expression);
    if (in_.take_word("as")) {
      GUST_TRY(out.name, in_.field_name());
    }
    return out;
  }

  Result<std::vector<Column>> column_list() {
    std::vector<Column> out;
    do {
      GUST_TRY(auto one, column());
      out.push_back(std::move(one));
    } while (in_.take(","));
    return out;
  }

  Result<Command> columns(Command::Kind kind) {
    Command out;
    out.kind = kind;
    GUST_TRY(out.columns, column_list());
    return out;
  }

  Result<Command> filter() {
    Command out;
    out.kind = Command::Kind::kFilter;
    GUST_TRY(out.expression, in_.expression());
    return out;
  }

  Result<Command> parse() {
    Command out;
    out.kind = Command::Kind::kParse;
    Expression message;
    message.kind = Expression::Kind::kField;
    message.name = "@message";
    if (in_.here().kind == Token::Kind::kName) {
      GUST_TRY(message.name, in_.field_name());
    }
    out.expression = std::make_shared<const Expression>(std::move(message));
    const auto pattern = in_.here();
    in_.move();
    if (pattern.kind == Token::Kind::kRegex) {
      GUST_TRY(out.regex, query_regex(with_names(pattern.text)));
      for (const auto& [number, name] : out.regex->CapturingGroupNames()) out.names.push_back(name);
      if (out.names.empty() || out.regex->NumberOfCapturingGroups() != static_cast<int>(out.names.size()))
        return fail(Code::kInvalid, "parse with /.../ takes named groups only, as (?<name>...)", "query");
      return out;
    }
    if (pattern.kind != Token::Kind::kText) return in_.error("a text or a regular expression after parse");
    std::size_t stars = 0;
    GUST_TRY(out.regex, query_regex(regex_of_glob(pattern.text, stars)));
    if (!in_.take_word("as")) return in_.error("as");
    do {
      GUST_TRY(auto name, in_.field_name());
      out.names.push_back(std::move(name));
    } while (in_.take(","));
    if (out.names.size() != stars) {
      return fail(Code::kInvalid, fmt::format("parse has {} names for {} stars", out.names.size(), stars), "query");
    }
    return out;
  }

  Result<Aggregate> aggregate() {
    Aggregate out;
    const auto begin = in_.place();
    if (in_.here().kind != Token::Kind::kName) return in_.error("a function, as count(*)");
    out.function = lower(in_.here().text);
    if (std::ranges::find(kAggregates, out.function) == kAggregates.end()) return in_.error("a function, as count(*)");
    in_.move();
    if (!in_.take("(")) return in_.error("(");
    const bool of_all = out.function == "count" && (in_.take("*") || in_.here().is(")"));
    if (!of_all) {
      GUST_TRY(out.of, in_.expression());
    }
    if (out.function == "median") out.percentile = 50;
    if (out.function == "pct" || out.function == "percentile") {
      const bool given = in_.take(",") && in_.here().kind == Token::Kind::kNumber;
      if (!given) return in_.error("a percentage, as pct(field, 99)");
      out.percentile = in_.here().number;
      in_.move();
      if (out.percentile < 0 || out.percentile > 100) return in_.error("a percentage from 0 to 100");
    }
    if (!in_.take(")")) return in_.error(")");
    out.name = in_.text_since(begin);
    if (in_.take_word("as")) {
      GUST_TRY(out.name, in_.field_name());
    }
    return out;
  }

  Result<Command> stats() {
    Command out;
    out.kind = Command::Kind::kStats;
    do {
      GUST_TRY(auto one, aggregate());
      out.aggregates.push_back(std::move(one));
    } while (in_.take(","));
    if (in_.take_word("by")) {
      GUST_TRY(out.columns, column_list());
    }
    return out;
  }

  Result<Command> sort() {
    Command out;
    out.kind = Command::Kind::kSort;
    do {
      SortKey key;
      GUST_TRY(key.by, in_.expression());
      if (in_.take_word("desc")) key.order = SortKey::Order::kDescending;
      else in_.take_word("asc");
      out.keys.push_back(std::move(key));
    } while (in_.take(","));
    return out;
  }

  Result<Command> limit() {
    Command out;
    out.kind = Command::Kind::kLimit;
    const auto& token = in_.here();
    if (token.kind != Token::Kind::kNumber || token.number < 1 || token.number > kMaxLimit)
      return in_.error(fmt::format("a number from 1 to {}", kMaxLimit));
    out.limit = static_cast<std::size_t>(token.number);
    in_.move();
    return out;
  }

  ExpressionParser in_;
};

}  // namespace

bool Query::aggregates() const {
  return std::ranges::any_of(commands, [](const Command& each) { return each.kind == Command::Kind::kStats; });
}

Needs Query::needs() const {
  std::vector<Needs> parts;
  for (const auto& command : commands) {
    // Filters that see the event as it came: nothing has made fields or left events out.
    if (command.kind == Command::Kind::kFilter) parts.push_back(needs_of(*command.expression));
    const auto plain = [](const Column& column) {
      return column.expression->kind == Expression::Kind::kField && column.expression->name == column.name;
    };
    const bool only_shows = (command.kind == Command::Kind::kFields || command.kind == Command::Kind::kDisplay) &&
                            std::ranges::all_of(command.columns, plain);
    if (command.kind != Command::Kind::kFilter && !only_shows) break;
  }
  return need_all(std::move(parts));
}

Result<Query> parse_query(std::string_view text) {
  if (text.size() > kMaxQuery) return fail(Code::kInvalid, "the query is too long", "query");
  GUST_TRY(auto tokens, tokens_of(text));
  return QueryParser(std::move(tokens)).run();
}

}  // namespace gust::logs::insights
