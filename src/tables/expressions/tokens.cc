#include "tables/expressions/tokens.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::tables {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char c) { return is_letter(c) || is_digit(c) || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

// The end of the characters from `begin` that are all `wanted`.
template <typename Wanted>
std::size_t run(std::string_view text, std::size_t begin, Wanted wanted) {
  while (begin < text.size() && wanted(text[begin])) ++begin;
  return begin;
}

std::size_t symbol_length(std::string_view rest) {
  for (const std::string_view two : {"<>", "<=", ">="})
    if (rest.starts_with(two)) return 2;
  return std::string_view("=<>()[].,+-").contains(rest.front()) ? 1 : 0;
}

// The bytes of the UTF-8 character that `rest` begins with.
std::size_t character_length(std::string_view rest) {
  std::size_t length = 1;
  while (length < rest.size() && (static_cast<unsigned char>(rest[length]) & 0xc0) == 0x80) ++length;
  return length;
}

}  // namespace

std::unexpected<Error> invalid(ExpressionKind kind, std::string_view words) {
  if (kind == ExpressionKind::kStatement) return refused(std::string(words));
  return refused(fmt::format("Invalid {}: {}", name_of(kind), words));
}

bool same_word(std::string_view word, std::string_view upper) {
  return std::ranges::equal(word, upper, [](char c, char u) { return c == u || (c - 'a' + 'A' == u && is_letter(c)); });
}

Result<Tokens> Tokens::of(ExpressionKind kind, std::string_view text) {
  if (text.size() > kMaxExpressionBytes) {
    return invalid(kind, fmt::format("Expression size has exceeded the maximum allowed size; expression size: {}",
                                     text.size()));
  }
  Tokens out;
  out.kind_ = kind;
  out.text_ = text;
  std::size_t at = 0;
  while (true) {
    at = run(text, at, is_space);
    if (at == text.size()) break;
    const char c = text[at];
    auto end = at;
    auto token = Token::Kind::kUnknown;
    if (is_letter(c)) {
      token = Token::Kind::kName;
      end = run(text, at, is_name);
    } else if (is_digit(c)) {
      token = Token::Kind::kNumber;
      end = c == '0' ? at + 1 : run(text, at, is_digit);  // "01" is two
    } else if ((c == '#' || c == ':') && run(text, at + 1, is_name) > at + 1) {
      token = c == '#' ? Token::Kind::kNamePlaceholder : Token::Kind::kValuePlaceholder;
      end = run(text, at + 1, is_name);
    } else if (const auto length = symbol_length(text.substr(at))) {
      token = Token::Kind::kSymbol;
      end = at + length;
    } else {
      end = at + character_length(text.substr(at));
    }
    out.add(token, at, end);
    at = end;
  }
  if (out.tokens_.empty()) return invalid(kind, "The expression can not be empty;");
  out.tokens_.push_back({Token::Kind::kEnd, "<EOF>", text.size(), text.size()});
  return out;
}

void Tokens::add(Token::Kind kind, std::size_t begin, std::size_t end) {
  tokens_.push_back({kind, text_.substr(begin, end - begin), begin, end});
}

const Token& Tokens::peek(std::size_t ahead) const { return tokens_[std::min(at_ + ahead, tokens_.size() - 1)]; }

Token Tokens::next() {
  const auto token = peek();
  if (at_ + 1 < tokens_.size()) ++at_;
  return token;
}

bool Tokens::is(std::string_view symbol) const {
  return peek().kind == Token::Kind::kSymbol && peek().text == symbol;
}

bool Tokens::is_word(std::string_view upper) const {
  return peek().kind == Token::Kind::kName && same_word(peek().text, upper);
}

bool Tokens::take(std::string_view symbol) {
  const bool there = is(symbol);
  if (there) next();
  return there;
}

bool Tokens::take_word(std::string_view upper) {
  const bool there = is_word(upper);
  if (there) next();
  return there;
}

std::unexpected<Error> Tokens::syntax_error() const {
  const auto begin = at_ > 0 ? tokens_[at_ - 1].begin : peek().begin;
  const auto near = text_.substr(begin, peek(1).end - begin);
  const auto end = near.find_last_not_of(" \t\n\r\f");
  return invalid(kind_, fmt::format("Syntax error; token: \"{}\", near: \"{}\"", peek().text, near.substr(0, end + 1)));
}

Result<void> Tokens::expect(std::string_view symbol) {
  if (!take(symbol)) return syntax_error();
  return {};
}

Result<void> Tokens::expect_word(std::string_view upper) {
  if (!take_word(upper)) return syntax_error();
  return {};
}

Result<void> Tokens::expect_end() {
  if (!at_end()) return syntax_error();
  return {};
}

}  // namespace gust::tables
