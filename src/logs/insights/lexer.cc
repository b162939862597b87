#include "logs/insights/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace gust::logs::insights {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '@' || c == '$' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_in_name(char c) { return begins_name(c) || is_digit(c) || c == '.' || c == ':'; }

std::optional<double> unit_ms(std::string_view unit) {
  constexpr double kSecond = 1000, kDay = 86'400'000;
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"ms", 1},           {"msec", 1},          {"s", kSecond},      {"sec", kSecond},    {"m", 60 * kSecond},
      {"min", 60 * kSecond}, {"h", 3600 * kSecond}, {"hr", 3600 * kSecond}, {"d", kDay},     {"day", kDay},
      {"w", 7 * kDay},     {"week", 7 * kDay},   {"mo", 30 * kDay},   {"q", 91 * kDay},    {"y", 365 * kDay}};
  for (const auto& [name, ms] : kUnits) {
    if (unit == name || unit == std::string(name) + "s") return ms;
  }
  return std::nullopt;
}

class Lexer {
 public:
  explicit Lexer(std::string_view query) : all_(query), left_(query) {}

  Result<std::vector<Token>> run() {
    std::vector<Token> out;
    for (;;) {
      skip();
      auto token = next(out.empty() ? Token() : out.back());
      if (!token) return std::unexpected(token.error());
      token->raw = token->raw.empty() ? left_.substr(0, 0) : token->raw;
      out.push_back(*std::move(token));
      if (out.back().kind == Token::Kind::kEnd) return out;
    }
  }

 private:
  void skip() {
    for (;;) {
      left_.remove_prefix(std::min(left_.find_first_not_of(" \t\r\n"), left_.size()));
      if (!left_.starts_with('#')) return;
      left_.remove_prefix(std::min(left_.find('\n'), left_.size()));
    }
  }

  Result<Token> next(const Token& before) {
    Token out;
    if (left_.empty()) return out;
    const char c = left_.front();
    if (c == '"' || c == '\'') return delimited(c, Token::Kind::kText);
    if (c == '`') return delimited(c, Token::Kind::kName);
    // A slash divides where a value stands before it.
    const bool divides = before.kind == Token::Kind::kNumber || before.is(")") ||
                         (before.kind == Token::Kind::kName && !before.is_word("like") && !before.is_word("parse") &&
                          !parsing_);
    if (c == '/' && !divides) return delimited(c, Token::Kind::kRegex);
    if (is_digit(c) || (c == '.' && left_.size() > 1 && is_digit(left_[1]))) return number();
    if (begins_name(c)) {
      std::size_t size = 1;
      while (size < left_.size() && is_in_name(left_[size])) ++size;
      return name(size);
    }
    for (const std::string_view sign : {"!=", "<=", ">=", "=~", "=", "<", ">", "+", "-", "*", "/", "%", "^", "(", ")",
                                        "[", "]", ",", "|"}) {
      if (!left_.starts_with(sign)) continue;
      out.kind = Token::Kind::kSign;
      out.text = sign;
      take(out, sign.size());
      if (sign == "|") parsing_ = false;
      return out;
    }
    return fail(Code::kInvalid, fmt::format("unexpected character '{}' at {}", c, all_.size() - left_.size() + 1),
                "query");
  }

  void take(Token& token, std::size_t size) {
    token.raw = left_.substr(0, size);
    left_.remove_prefix(size);
  }

  Result<Token> name(std::size_t size) {
    Token out;
    out.kind = Token::Kind::kName;
    out.text = left_.substr(0, size);
    take(out, size);
    if (out.is_word("parse")) parsing_ = true;  // an expression may follow the field
    return out;
  }

  Result<Token> number() {
    Token out;
    const auto [end, error] = std::from_chars(left_.data(), left_.data() + left_.size(), out.number);
    if (error != std::errc()) return fail(Code::kInvalid, "a number is too large", "query");
    auto size = static_cast<std::size_t>(end - left_.data());
    auto unit_end = size;
    while (unit_end < left_.size() && begins_name(left_[unit_end])) ++unit_end;
    out.kind = Token::Kind::kNumber;
    if (unit_end > size) {
      const auto ms = unit_ms(left_.substr(size, unit_end - size));
      if (!ms) return fail(Code::kInvalid, fmt::format("'{}' is no number", left_.substr(0, unit_end)), "query");
      out.kind = Token::Kind::kPeriod;
      out.number *= *ms;
      size = unit_end;
    }
    take(out, size);
    return out;
  }

  Result<Token> delimited(char mark, Token::Kind kind) {
    Token out;
    out.kind = kind;
    if (mark == '`') out.quoting = Token::Quoting::kBackticks;
    for (std::size_t i = 1; i < left_.size(); ++i) {
      if (left_[i] == mark) {
        take(out, i + 1);
        return out;
      }
      const bool escaped = left_[i] == '\\' && i + 1 < left_.size();
      // Of an expression only its own end is unescaped.
      if (escaped && kind == Token::Kind::kRegex && left_[i + 1] != mark) out.text += left_[i];
      if (escaped) ++i;
      out.text += left_[i];
    }
    const auto place = all_.size() - left_.size() + 1;
    return fail(Code::kInvalid, fmt::format("what begins with {} at {} does not end", mark, place), "query");
  }

  std::string_view all_, left_;
  bool parsing_ = false;
};

}  // namespace

bool Token::is_word(std::string_view word) const {
  if (kind != Kind::kName || quoting != Quoting::kNone || text.size() != word.size()) return false;
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(text, word, {}, lower);
}

Result<std::vector<Token>> tokens_of(std::string_view query) { return Lexer(query).run(); }

}  // namespace gust::logs::insights
