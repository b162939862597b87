#include "logs/filter_pattern.h"

#include "logs/comparison.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <vector>

namespace gust::logs {
namespace {

class Everything final : public FilterPattern {
 public:
  bool matches(std::string_view) const override { return true; }
  Needs needs() const override { return {}; }
};

struct Term {
  std::string text;
  std::shared_ptr<const re2::RE2> regex;  // instead of `text`

  bool found_in(std::string_view message) const {
    if (regex) return re2::RE2::PartialMatch(re2::StringPiece(message.data(), message.size()), *regex);
    return message.find(text) != std::string_view::npos;
  }
  Needs needs() const { return regex ? Needs() : need_text(text); }
};

class Terms final : public FilterPattern {
 public:
  std::vector<Term> all, any, none;

  bool matches(std::string_view message) const override {
    const auto found = [&](const Term& term) { return term.found_in(message); };
    if (!std::ranges::all_of(all, found) || std::ranges::any_of(none, found)) return false;
    return any.empty() || std::ranges::any_of(any, found);
  }
  Needs needs() const override {
    std::vector<Needs> parts, options;
    for (const auto& term : all) parts.push_back(term.needs());
    for (const auto& term : any) options.push_back(term.needs());
    if (!any.empty()) parts.push_back(need_any(std::move(options)));
    return need_all(std::move(parts));
  }
  std::string_view literal() const override {
    std::string_view out;
    for (const auto& term : all) {
      if (!term.regex && term.text.size() > out.size()) out = term.text;
    }
    if (out.empty() && any.size() == 1 && !any[0].regex) out = any[0].text;
    return out;
  }
};

bool is_term_character(char c) {
  const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return plain || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("_.-/#@$*+~^\\?").find(c) != std::string_view::npos;
}

Result<Term> parse_term(PatternCursor& in) {
  Term out;
  if (in.front() == '"') {
    GUST_TRY(out.text, in.quoted());
    return out;
  }
  if (in.front() == '%') {
    GUST_TRY(const auto regex, in.between('%'));
    GUST_TRY(out.regex, pattern_regex(regex));
    return out;
  }
  out.text = in.until(" \t\r\n");
  if (out.text.empty()) return in.error("a term");
  if (!std::ranges::all_of(out.text, is_term_character)) {
    return fail(Code::kInvalid, fmt::format("Invalid character(s) in term '{}'", out.text), "pattern");
  }
  return out;
}

Result<std::shared_ptr<const FilterPattern>> parse_terms(std::string_view text) {
  PatternCursor in(text);
  auto out = std::make_shared<Terms>();
  for (in.skip_spaces(); !in.done(); in.skip_spaces()) {
    auto* into = &out->all;
    if (in.take("?")) into = &out->any;
    else if (in.take("-")) into = &out->none;
    GUST_TRY(auto term, parse_term(in));
    into->push_back(std::move(term));
  }
  // As the guide has it: optional terms say nothing beside others.
  if (!out->all.empty() || !out->none.empty()) out->any.clear();
  return out;
}

}  // namespace

Result<std::shared_ptr<const FilterPattern>> parse_filter_pattern(std::string_view text) {
  if (text.size() > kMaxPattern) return fail(Code::kInvalid, "Invalid filter pattern: it is too long", "pattern");
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || text == "\"\"") return std::make_shared<const Everything>();
  text.remove_prefix(begin);
  if (text.front() == '{') return parse_json_pattern(text);
  if (text.front() == '[') return parse_column_pattern(text);
  return parse_terms(text);
}

}  // namespace gust::logs
