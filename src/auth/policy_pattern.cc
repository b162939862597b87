#include "auth/policy_pattern.h"

#include "auth/text.h"
#include "codec/utf8.h"

#include <algorithm>

namespace gust::auth {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool begins(std::string_view text, std::string_view with, Case letters) {
  if (letters == Case::kExact) return text.starts_with(with);
  if (text.size() < with.size()) return false;
  return std::ranges::equal(text.substr(0, with.size()), with, {}, lower, lower);
}

std::size_t character(std::string_view text) { return std::max<std::size_t>(codec::utf8_character(text), 1); }

// "name, 'default'" in its two parts; the second is nullopt when there is none.
std::pair<std::string_view, std::optional<std::string_view>> split_default(std::string_view inside) {
  const auto comma = inside.find(',');
  if (comma == std::string_view::npos) return {inside, std::nullopt};
  const auto value = trimmed(inside.substr(comma + 1));
  if (value.size() < 2 || value.front() != '\'' || value.back() != '\'') return {inside, std::nullopt};
  return {trimmed(inside.substr(0, comma)), value.substr(1, value.size() - 2)};
}

}  // namespace

std::size_t variable_length(std::string_view text) {
  if (!text.starts_with("${")) return 0;
  const auto brace = text.find('}'), quote = text.find('\'');
  if (brace == std::string_view::npos) return 0;
  if (quote > brace) return brace + 1;
  // A default may have braces of its own, so that its closing quote is looked for first.
  const auto end = text.find("'}", quote + 1);
  return end == std::string_view::npos ? 0 : end + 2;
}

PolicyPattern::PolicyPattern(std::string_view text, Wildcards wildcards, Variables variables, Case letters)
    : text_(text), letters_(letters) {
  while (!text.empty()) {
    const char c = text.front();
    std::size_t used = 1;
    if (wildcards == Wildcards::kMatched && c == '*') {
      if (pieces_.empty() || pieces_.back().kind != Kind::kAny) pieces_.push_back({Kind::kAny, {}, {}});
    } else if (wildcards == Wildcards::kMatched && c == '?') {
      pieces_.push_back({Kind::kOne, {}, {}});
    } else if (variables == Variables::kReplaced && variable_length(text) > 0) {
      used = add_variable(text);
    } else {
      add_text(text.substr(0, 1));
    }
    text.remove_prefix(used);
  }
}

void PolicyPattern::add_text(std::string_view text) {
  if (pieces_.empty() || pieces_.back().kind != Kind::kText) pieces_.push_back({Kind::kText, {}, {}});
  pieces_.back().text += text;
}

std::size_t PolicyPattern::add_variable(std::string_view text) {
  const auto length = variable_length(text);
  const auto inside = text.substr(2, length - 3);
  if (inside == "*" || inside == "?" || inside == "$") {
    add_text(inside);
  } else {
    const auto [name, fallback] = split_default(inside);
    Piece piece{Kind::kVariable, lower_ascii(name), {}};
    if (fallback) piece.fallback = std::string(*fallback);
    pieces_.push_back(std::move(piece));
    has_variables_ = true;
  }
  return length;
}

// How much of `rest` a piece other than kAny takes; nullopt when it does not fit.
std::optional<std::size_t> PolicyPattern::step(const Piece& piece, std::string_view rest,
                                               const ConditionKeys& keys) const {
  if (piece.kind == Kind::kOne) return rest.empty() ? std::nullopt : std::optional(character(rest));
  std::optional<std::string_view> text = piece.text;
  if (piece.kind == Kind::kVariable) {
    text = keys.single(piece.text);
    if (!text && piece.fallback) text = *piece.fallback;
  }
  if (!text || !begins(rest, *text, letters_)) return std::nullopt;
  return text->size();
}

bool PolicyPattern::matches(std::string_view text, const ConditionKeys& keys) const {
  std::size_t piece = 0, at = 0, star_at = 0;
  std::optional<std::size_t> star;
  while (true) {
    if (piece < pieces_.size() && pieces_[piece].kind == Kind::kAny) {
      star = piece++;
      star_at = at;
      if (piece == pieces_.size()) return true;
      continue;
    }
    if (piece == pieces_.size() && at == text.size()) return true;
    if (piece < pieces_.size()) {
      if (const auto taken = step(pieces_[piece], text.substr(at), keys)) {
        at += *taken;
        ++piece;
        continue;
      }
    }
    // Only the last star is tried again: what is before it was matched as early as it can be.
    if (!star || star_at == text.size()) return false;
    star_at += character(text.substr(star_at));
    at = star_at;
    piece = *star + 1;
  }
}

PolicyPattern::Reach PolicyPattern::reach(std::string_view prefix) const {
  constexpr int kStar = -1, kAnyByte = -2;
  std::vector<int> units;
  for (const auto& piece : pieces_) {
    if (piece.kind == Kind::kAny || piece.kind == Kind::kVariable) units.push_back(kStar);
    if (piece.kind == Kind::kOne) units.push_back(kAnyByte);
    if (piece.kind == Kind::kText) {
      for (const char c : piece.text) units.push_back(static_cast<unsigned char>(c));
    }
  }
  std::vector<char> states(units.size() + 1, 0), next(units.size() + 1, 0);
  const auto close = [&](std::vector<char>& set) {
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (set[i] && units[i] == kStar) set[i + 1] = 1;
    }
  };
  states[0] = 1;
  close(states);
  for (const char c : prefix) {
    std::ranges::fill(next, 0);
    for (std::size_t i = 0; i < units.size(); ++i) {
      if (!states[i]) continue;
      if (units[i] == kStar) next[i] = 1;
      if (units[i] == kAnyByte || units[i] == static_cast<unsigned char>(c)) next[i + 1] = 1;
    }
    close(next);
    states.swap(next);
  }
  return {states.back() != 0, std::ranges::find(states.begin(), states.end() - 1, 1) != states.end() - 1};
}

}  // namespace gust::auth
