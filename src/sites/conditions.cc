#include "sites/conditions.h"

#include "codec/time_format.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace gust::sites {
namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether a list of entity tags has this one, weakly compared; "*" has all.
bool has_tag(std::string_view list, const std::string& etag) {
  if (trim(list) == "*") return true;
  while (!list.empty()) {
    const auto comma = list.find(',');
    auto tag = trim(list.substr(0, comma));
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.front() == '"' && tag.back() == '"' && tag.substr(1, tag.size() - 2) == etag)
      return true;
    list = comma == list.npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

// Whether the object is not newer than the date; nothing when it is no date. Dates have whole seconds.
std::optional<bool> is_since(std::optional<std::string_view> date, WallTime modified_at) {
  if (!date) return std::nullopt;
  const auto since = codec::from_http_date(*date);
  if (!since) return std::nullopt;
  return std::chrono::floor<std::chrono::seconds>(modified_at) <= *since;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

Freshness freshness(const http::Headers& headers, const std::string& etag, WallTime modified_at) {
  if (const auto match = headers.get("if-match")) {
    if (!has_tag(*match, etag)) return Freshness::kFailed;
  } else if (is_since(headers.get("if-unmodified-since"), modified_at) == false) {
    return Freshness::kFailed;
  }
  if (const auto none = headers.get("if-none-match"))
    return has_tag(*none, etag) ? Freshness::kNotModified : Freshness::kSend;
  return is_since(headers.get("if-modified-since"), modified_at) == true ? Freshness::kNotModified : Freshness::kSend;
}

ByteRange byte_range(const http::Headers& headers, std::uint64_t size, const std::string& etag, WallTime modified_at) {
  const ByteRange whole{ByteRange::Kind::kWhole, 0, size};
  auto text = trim(headers.get_or("range", ""));
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit) || text.find(',') != text.npos) return whole;
  if (const auto unless = headers.get("if-range")) {
    const bool holds =
        unless->starts_with('"') ? has_tag(*unless, etag) : is_since(*unless, modified_at).value_or(false);
    if (!holds) return whole;
  }
  text = trim(text.substr(kUnit.size()));
  const auto dash = text.find('-');
  if (dash == text.npos) return whole;
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  if (dash == 0) {
    if (!last) return whole;
    if (*last == 0 || size == 0) return {ByteRange::Kind::kUnsatisfiable, 0, 0};
    const auto length = std::min(*last, size);
    return {ByteRange::Kind::kPart, size - length, length};
  }
  if (!first || (dash + 1 < text.size() && !last) || (last && *last < *first)) return whole;
  if (*first >= size) return {ByteRange::Kind::kUnsatisfiable, 0, 0};
  const auto end = last ? std::min(*last, size - 1) : size - 1;
  return {ByteRange::Kind::kPart, *first, end - *first + 1};
}

}  // namespace gust::sites
