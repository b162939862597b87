// Filter patterns of text between spaces: [ip, user, ..., status = 4*, bytes > 1000].
#include "logs/filter_pattern.h"

#include "logs/comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace gust::logs {
namespace {

constexpr std::size_t kMaxColumns = 256;
constexpr int kMaxRegexes = 2;
constexpr std::string_view kRest = "...";

// What is between spaces; what is in brackets or quotes is one.
std::vector<std::string_view> split(std::string_view message) {
  std::vector<std::string_view> out;
  while (out.size() <= kMaxColumns) {
    const auto begin = message.find_first_not_of(" \t\r\n");
    if (begin == std::string_view::npos) break;
    message.remove_prefix(begin);
    const char end = message[0] == '[' ? ']' : message[0] == '"' ? '"' : '\0';
    const auto close = end == '\0' ? std::string_view::npos : message.find(end, 1);
    if (close != std::string_view::npos) {
      out.push_back(message.substr(1, close - 1));
      message.remove_prefix(close + 1);
    } else {
      const auto size = std::min(message.find_first_of(" \t\r\n"), message.size());
      out.push_back(message.substr(0, size));
      message.remove_prefix(size);
    }
  }
  return out;
}

// One column: any value, or one for which one of `options` holds in whole.
struct Column {
  std::string name;
  std::vector<std::vector<Comparison>> options;

  bool holds(std::string_view text) const {
    const auto holds_all = [&](const auto& all) {
      return std::ranges::all_of(all, [&](const Comparison& each) { return each.holds_for_text(text); });
    };
    return options.empty() || std::ranges::any_of(options, holds_all);
  }
  Needs needs() const {
    std::vector<Needs> out;
    for (const auto& all : options) {
      std::vector<Needs> parts;
      for (const auto& each : all) parts.push_back(each.needs_of_text());
      out.push_back(need_all(std::move(parts)));
    }
    return need_any(std::move(out));
  }
};

class Columns final : public FilterPattern {
 public:
  std::vector<Column> front, back;  // before and behind ...
  bool open = false;                // there is a ...

  bool matches(std::string_view message) const override {
    const auto values = split(message);
    const auto least = front.size() + back.size();
    if (open ? values.size() < least : values.size() != least) return false;
    for (std::size_t i = 0; i < front.size(); ++i) {
      if (!front[i].holds(values[i])) return false;
    }
    for (std::size_t i = 0; i < back.size(); ++i) {
      if (!back[i].holds(values[values.size() - back.size() + i])) return false;
    }
    return true;
  }
  Needs needs() const override {
    std::vector<Needs> parts;
    for (const auto* const columns : {&front, &back}) {
      for (const auto& column : *columns) parts.push_back(column.needs());
    }
    return need_all(std::move(parts));
  }
};

Result<Column> parse_column(PatternCursor& in, int& regexes) {
  Column out;
  in.skip_spaces();
  out.name = in.until(" \t\r\n,]=!<>&|");
  if (out.name.empty()) return in.error("the name of a column");
  for (bool first = true;; first = false) {
    auto op = take_operator(in);
    if (!op && first) return out;
    if (!op) return in.error("an operator");
    if (first) out.options.emplace_back();
    GUST_TRY(auto comparison, Comparison::parse(in, *op, " \t\r\n,]&|"));
    regexes += comparison.is_regex() ? 1 : 0;
    out.options.back().push_back(std::move(comparison));
    const bool more = in.take("&&"), other = !more && in.take("||");
    if (!more && !other) return out;
    if (other) out.options.emplace_back();
    in.skip_spaces();
    const auto name = in.until(" \t\r\n,]=!<>&|");
    if (name != out.name) return in.error(fmt::format("'{}' again", out.name));
  }
}

}  // namespace

Result<std::shared_ptr<const FilterPattern>> parse_column_pattern(std::string_view text) {
  PatternCursor in(text);
  auto out = std::make_shared<Columns>();
  int regexes = 0;
  in.take("[");
  do {
    if (in.take(kRest)) {
      if (out->open) return in.error("one ... only");
      out->open = true;
      continue;
    }
    if (out->front.size() + out->back.size() >= kMaxColumns) return in.error("fewer columns");
    GUST_TRY(auto column, parse_column(in, regexes));
    (out->open ? out->back : out->front).push_back(std::move(column));
  } while (in.take(","));
  if (!in.take("]")) return in.error("]");
  in.skip_spaces();
  if (!in.done()) return in.error("the end");
  if (regexes > kMaxRegexes) {
    return fail(Code::kInvalid,
                fmt::format("Invalid filter pattern: at most {} regular expressions are allowed", kMaxRegexes),
                "pattern");
  }
  return out;
}

}  // namespace gust::logs
