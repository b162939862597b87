#include "logs/comparison.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace gust::logs {
namespace {

constexpr std::size_t kMaxRegex = 256;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool may_be_in_regex(char c) {
  const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return plain || std::string_view(" :_#=@/;,-^$?[]{}|\\*+.").find(c) != std::string_view::npos;
}

}  // namespace

void PatternCursor::skip_spaces() {
  while (!left_.empty() && is_space(left_.front())) left_.remove_prefix(1);
}

bool PatternCursor::take(std::string_view text) {
  skip_spaces();
  if (!left_.starts_with(text)) return false;
  left_.remove_prefix(text.size());
  return true;
}

std::string_view PatternCursor::until(std::string_view stops) {
  const auto out = left_.substr(0, left_.find_first_of(stops));
  left_.remove_prefix(out.size());
  return out;
}

std::unexpected<Error> PatternCursor::error(std::string_view expected) const {
  return fail(Code::kInvalid,
              fmt::format("Invalid filter pattern: expected {} at character {}", expected,
                          all_.size() - left_.size() + 1),
              "pattern");
}

Result<std::string> PatternCursor::quoted() {
  std::string out;
  for (std::size_t i = 1; i < left_.size(); ++i) {
    if (left_[i] == '"') {
      left_.remove_prefix(i + 1);
      return out;
    }
    if (left_[i] == '\\' && i + 1 < left_.size() && (left_[i + 1] == '"' || left_[i + 1] == '\\')) ++i;
    out += left_[i];
  }
  return error("a quotation mark that ends the text which begins");
}

Result<std::string> PatternCursor::between(char mark) {
  std::string out;
  for (std::size_t i = 1; i < left_.size(); ++i) {
    if (left_[i] == mark) {
      left_.remove_prefix(i + 1);
      return out;
    }
    if (left_[i] == '\\' && i + 1 < left_.size()) out += left_[i++];
    out += left_[i];
  }
  return error(fmt::format("a second {}", mark));
}

std::optional<Operator> take_operator(PatternCursor& in) {
  constexpr std::pair<std::string_view, Operator> kOperators[] = {
      {"!=", Operator::kNotEqual},       {"<=", Operator::kLessOrEqual}, {">=", Operator::kGreaterOrEqual},
      {"=", Operator::kEqual},           {"<", Operator::kLess},         {">", Operator::kGreater},
  };
  for (const auto& [text, op] : kOperators) {
    if (in.take(text)) return op;
  }
  return std::nullopt;
}

Result<std::shared_ptr<const re2::RE2>> pattern_regex(std::string_view text) {
  const auto refuse = [&](std::string_view why) {
    return fail(Code::kInvalid, fmt::format("Invalid filter pattern: the regular expression '{}' {}", text, why),
                "pattern");
  };
  if (text.empty()) return refuse("is empty");
  if (text.size() > kMaxRegex) return refuse("is too long");
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = i > 0 && text[i - 1] == '\\';
    if (!may_be_in_regex(text[i]) && !escaped) return refuse("has a character that is not supported");
  }
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);
  options.set_max_mem(1 << 20);
  auto out = std::make_shared<const re2::RE2>(re2::StringPiece(text.data(), text.size()), options);
  if (!out->ok()) return refuse("is not one: " + out->error());
  return out;
}

bool matches_wildcard(std::string_view text, std::string_view pattern) {
  std::size_t t = 0, p = 0, star = std::string_view::npos, from = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      from = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++from;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::optional<double> as_number(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || (text[0] != '-' && text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(out)) return std::nullopt;
  return out;
}

Result<Comparison> Comparison::parse(PatternCursor& in, Operator op, std::string_view stops) {
  Comparison out;
  out.op_ = op;
  in.skip_spaces();
  if (in.front() == '"') {
    out.form_ = Form::kQuoted;
    GUST_TRY(out.text_, in.quoted());
  } else if (in.front() == '%') {
    GUST_TRY(out.text_, in.between('%'));
    GUST_TRY(out.regex_, pattern_regex(out.text_));
  } else {
    out.text_ = in.until(stops);
    if (out.text_.empty()) return in.error("a value");
    out.number_ = as_number(out.text_);
  }
  const bool orders = op != Operator::kEqual && op != Operator::kNotEqual;
  if (orders && !out.number_) return in.error("a number after < or >");
  return out;
}

bool Comparison::equals(std::string_view text) const {
  if (regex_) return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex_);
  if (number_) {
    const auto other = as_number(text);
    if (other && *other == *number_) return true;
  }
  return matches_wildcard(text, text_);
}

bool Comparison::ordered(double number) const {
  switch (op_) {
    case Operator::kLess: return number < *number_;
    case Operator::kLessOrEqual: return number <= *number_;
    case Operator::kGreater: return number > *number_;
    default: return number >= *number_;
  }
}

bool Comparison::holds_for_text(std::string_view text) const {
  if (op_ == Operator::kEqual) return equals(text);
  if (op_ == Operator::kNotEqual) return !equals(text);
  const auto number = as_number(text);
  return number && ordered(*number);
}

bool Comparison::holds_for_string(std::string_view text) const {
  if (!number_ || (op_ != Operator::kEqual && op_ != Operator::kNotEqual)) return holds_for_text(text);
  return (text == text_) == (op_ == Operator::kEqual);
}

bool Comparison::holds_for_number(double number, std::string_view as_written) const {
  if (op_ != Operator::kEqual && op_ != Operator::kNotEqual) return ordered(number);
  const bool same = number_ ? number == *number_ : equals(as_written);
  return same == (op_ == Operator::kEqual);
}

Needs Comparison::needs_of_field(std::string_view path) const {
  if (op_ != Operator::kEqual || regex_ || text_.find('*') != std::string::npos) return {};
  const auto keys = [](const std::array<std::uint64_t, 2>& pair) {
    Needs out;
    out.kind = Needs::Kind::kKeys;
    out.keys.assign(pair.begin(), pair.end());
    out.of_fields = true;
    return out;
  };
  if (number_) return need_any({keys(field_keys(path, *number_)), keys(field_keys(path, text_))});
  if (form_ == Form::kBare && (text_ == "true" || text_ == "false")) return {};
  const auto number = as_number(text_);  // of a number that is written so
  auto of_text = keys(field_keys(path, text_));
  return number ? need_any({std::move(of_text), keys(field_keys(path, *number))}) : of_text;
}

Needs Comparison::needs_of_text() const {
  if (op_ != Operator::kEqual || regex_ || number_) return {};
  std::vector<Needs> parts;
  std::string_view left = text_;
  while (!left.empty()) {  // between the stars
    const auto star = left.find('*');
    parts.push_back(need_text(left.substr(0, star)));
    left.remove_prefix(star == std::string_view::npos ? left.size() : star + 1);
  }
  return need_all(std::move(parts));
}

}  // namespace gust::logs
