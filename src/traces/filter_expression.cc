#include "traces/filter_expression.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>

namespace gust::traces {
namespace {

using telemetry::SpanStatus;

constexpr std::string_view kAnd = " AND ";
constexpr std::array<std::pair<std::string_view, SpanStatus>, 3> kStatuses{
    {{"fault", SpanStatus::kFault}, {"error", SpanStatus::kError}, {"throttle", SpanStatus::kThrottle}}};

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(kBlank), text.size());
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

// Where the next AND begins that is not in a name.
std::size_t end_of_term(std::string_view text) {
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (!quoted && text.substr(i).starts_with(kAnd)) return i;
  }
  return text.size();
}

// "", "= true", "!= false"...: whether the keyword before it is to hold; nothing where it makes no sense.
std::optional<bool> holds(std::string_view rest) {
  if (rest.empty()) return true;
  const bool unequal = rest.starts_with("!=");
  if (!unequal && !rest.starts_with('=')) return std::nullopt;
  const auto value = trimmed(rest.substr(unequal ? 2 : 1));
  if (value != "true" && value != "false") return std::nullopt;
  return (value == "true") != unequal;
}

bool read_status(std::string_view term, Query& query) {
  for (const auto& [name, status] : kStatuses) {
    if (!term.starts_with(name)) continue;
    const auto wanted = holds(trimmed(term.substr(name.size())));
    if (!wanted) return false;
    (*wanted ? query.having : query.lacking).push_back(status);
    return true;
  }
  return false;
}

Result<void> read_duration(std::string_view term, std::size_t more, Query& query) {
  const std::string number(trimmed(term.substr(more + (term.substr(more).starts_with(">=") ? 2 : 1))));
  char* over = nullptr;
  const auto value = std::strtod(number.c_str(), &over);
  if (number.empty() || *over != '\0' || !(value >= 0 && value < 1e6))
    return fail(Code::kInvalid, fmt::format("Invalid filter expression: '{}' is not seconds", number), "filter");
  query.slow_us = std::max<std::int64_t>({1, query.slow_us, static_cast<std::int64_t>(value * 1e6)});
  return {};
}

Result<void> read_term(std::string_view term, Query& query) {
  if (term.empty() || read_status(term, query)) return {};
  if (term.starts_with("service(\"") && term.ends_with("\")")) {
    query.named = term.substr(9, term.size() - 11);
    return {};
  }
  const auto more = term.find('>');
  if (more != std::string_view::npos && (term.starts_with("duration") || term.starts_with("responsetime")))
    return read_duration(term, more, query);
  return fail(Code::kInvalid,
              fmt::format("Invalid filter expression: '{}'; Gust knows fault, error and throttle (alone, = true or "
                          "= false), service(\"name\"), duration > N and responsetime > N, joined by AND",
                          term),
              "filter");
}

}  // namespace

Result<void> read_filter(std::string_view text, Query& query) {
  while (!text.empty()) {
    const auto end = end_of_term(text);
    GUST_CHECK(read_term(trimmed(text.substr(0, end)), query));
    text.remove_prefix(std::min(text.size(), end + kAnd.size()));
  }
  return {};
}

}  // namespace gust::traces
