// What the operations of HTTP APIs share: pages of lists, and the refusal of settings that are not served. Any thread.
#pragma once

#include "base/result.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <vector>

namespace gust::api {

inline std::unexpected<Error> not_served(std::string_view setting) {
  return fail(Code::kUnsupported, fmt::format("{} is not served for HTTP APIs; leave it out", setting), "setting");
}

// Makes `items` the page after `token`, and gives the token of the next page. An item's place is its id, so a page
// stays right when others come and go.
template <typename Row>
Result<std::optional<std::string>> cut_page(std::vector<Row>& items, const std::optional<std::string>& max_results,
                                            const std::optional<std::string>& token) {
  std::size_t most = 500;
  if (max_results) {
    const auto* end = max_results->data() + max_results->size();
    const auto [at, error] = std::from_chars(max_results->data(), end, most);
    if (error != std::errc() || at != end || most == 0 || most > 500) {
      return fail(Code::kInvalid, fmt::format("MaxResults must be a number from 1 to 500, not '{}'", *max_results),
                  "max results");
    }
  }
  std::ranges::sort(items, {}, &Row::id);
  if (token) std::erase_if(items, [&](const Row& row) { return row.id <= *token; });
  if (items.size() <= most) return std::nullopt;
  items.resize(most);
  return items.back().id;
}

template <typename T>
bool is_set(const std::optional<T>& value) {
  if constexpr (requires { value->empty(); }) return value && !value->empty();
  else return value.has_value();
}

// `from` as an optional that is absent when empty.
inline std::optional<std::string> unless_empty(const std::string& from) {
  return from.empty() ? std::nullopt : std::optional(from);
}

}  // namespace gust::api
