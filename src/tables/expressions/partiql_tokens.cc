#include "tables/expressions/partiql_tokens.h"

#include "tables/expressions/placeholders.h"

#include <fmt/format.h>

#include <array>

namespace gust::tables {
namespace {

using Kind = PartiqlToken::Kind;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  Result<std::vector<PartiqlToken>> read() {
    while (true) {
      GUST_CHECK(skip());
      if (rest_.empty()) break;
      GUST_CHECK(token());
    }
    out_.push_back({.kind = Kind::kEnd, .text = {}, .line = line_, .column = column_});
    return std::move(out_);
  }

 private:
  void advance(std::size_t bytes) {
    for (const char c : rest_.substr(0, bytes)) {
      if (c == '\n') {
        ++line_;
        column_ = 1;
      } else if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) {
        ++column_;
      }
    }
    rest_.remove_prefix(bytes);
  }

  Result<void> skip() {
    while (!rest_.empty()) {
      const auto space = std::min(rest_.find_first_not_of(" \t\r\n\f"), rest_.size());
      advance(space);
      if (rest_.starts_with("--")) {
        advance(std::min(rest_.find('\n'), rest_.size()));
      } else if (rest_.starts_with("/*")) {
        const auto end = rest_.find("*/", 2);
        if (end == std::string_view::npos) return not_well_formed();
        advance(end + 2);
      } else {
        return {};
      }
    }
    return {};
  }

  void add(Kind kind, std::string text, std::size_t bytes) {
    PartiqlToken token{.kind = kind, .text = std::move(text), .line = line_, .column = column_};
    const auto before = column_;
    advance(bytes);
    token.length = column_ >= before ? column_ - before : 0;
    out_.push_back(std::move(token));
  }

  // A quote within is written twice.
  Result<void> quoted(char quote) {
    std::string text;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] != quote) {
        text += rest_[i];
      } else if (i + 1 < rest_.size() && rest_[i + 1] == quote) {
        text += rest_[++i];
      } else {
        add(quote == '"' ? Kind::kQuotedName : Kind::kText, std::move(text), i + 1);
        return {};
      }
    }
    return not_well_formed();
  }

  std::size_t digits(std::size_t from) const {
    while (from < rest_.size() && is_digit(rest_[from])) ++from;
    return from;
  }

  std::size_t number_length() const {
    auto end = digits(0);
    if (end < rest_.size() && rest_[end] == '.') end = digits(end + 1);
    if (end == rest_.size() || (rest_[end] != 'e' && rest_[end] != 'E')) return end;
    const bool has_sign = end + 1 < rest_.size() && (rest_[end + 1] == '+' || rest_[end + 1] == '-');
    const auto exponent = end + (has_sign ? 2 : 1);
    return digits(exponent) > exponent ? digits(exponent) : end;
  }

  Result<void> token() {
    const char c = rest_.front();
    if (c == '\'' || c == '"') return quoted(c);
    if (is_letter(c)) {
      std::size_t end = 1;
      while (end < rest_.size() && (is_letter(rest_[end]) || is_digit(rest_[end]))) ++end;
      add(Kind::kName, std::string(rest_.substr(0, end)), end);
      return {};
    }
    if (is_digit(c) || (c == '.' && rest_.size() > 1 && is_digit(rest_[1]))) {
      const auto end = number_length();
      add(Kind::kNumber, std::string(rest_.substr(0, end)), end);
      return {};
    }
    constexpr std::array<std::string_view, 24> kSymbols = {"<<", ">>", "<>", "!=", "<=", ">=", "<", ">",
                                                           "=",  "(",  ")",  "[",  "]",  "{",  "}", ",",
                                                           ":",  ".",  "*",  "+",  "-",  "?",  ";", "/"};
    for (const auto symbol : kSymbols) {
      if (!rest_.starts_with(symbol)) continue;
      add(Kind::kSymbol, std::string(symbol), symbol.size());
      return {};
    }
    return not_well_formed();
  }

  std::string_view rest_;
  std::size_t line_ = 1, column_ = 1;
  std::vector<PartiqlToken> out_;
};

}  // namespace

std::unexpected<Error> not_well_formed(std::string_view words) {
  return refused(fmt::format("Statement wasn't well formed, can't be processed: {}", words));
}

Result<std::vector<PartiqlToken>> partiql_tokens(std::string_view statement) {
  if (statement.size() > kMaxStatementBytes)
    return refused(fmt::format("Statement has {} bytes, {} at most", statement.size(), kMaxStatementBytes));
  return Reader(statement).read();
}

}  // namespace gust::tables
