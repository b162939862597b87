#include "gateway/route_key.h"

#include "codec/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

namespace gust::gateway {
namespace {

using Kind = RouteKey::Segment::Kind;

constexpr std::array<std::string_view, 8> kMethods = {"ANY",    "GET",   "POST", "PUT",
                                                      "DELETE", "PATCH", "HEAD", "OPTIONS"};

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> parts;
  if (path.starts_with('/')) path.remove_prefix(1);
  for (;;) {
    const auto slash = path.find('/');
    parts.push_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return parts;
    path.remove_prefix(slash + 1);
  }
}

std::unexpected<Error> bad_key(std::string_view key, std::string_view why) {
  return fail(
      Code::kInvalid,
      fmt::format("The provided route key is not formatted properly for HTTP protocol: '{}' {}. Format should be "
                  "\"<HTTP METHOD> /<RESOURCE PATH>\" or \"$default\"",
                  key, why),
      "route key");
}

Result<RouteKey::Segment> parse_segment(std::string_view key, std::string_view text) {
  if (!text.starts_with('{')) {
    if (text.find_first_of("{}") != text.npos) return bad_key(key, "has a brace inside a segment");
    return RouteKey::Segment{Kind::kLiteral, std::string(text)};
  }
  if (!text.ends_with('}')) return bad_key(key, "has a parameter without its closing brace");
  auto name = text.substr(1, text.size() - 2);
  const bool greedy = name.ends_with('+');
  if (greedy) name.remove_suffix(1);
  if (name.empty() || name.find_first_of("{}+") != name.npos)
    return bad_key(key, "has a parameter without a proper name");
  return RouteKey::Segment{greedy ? Kind::kGreedy : Kind::kParameter, std::string(name)};
}

// The parameters when `key` fits the path's segments; nothing when it does not.
Result<std::optional<Strings>> fit(const RouteKey& key, const std::vector<std::string_view>& parts) {
  Strings parameters;
  for (std::size_t i = 0; i < key.segments.size(); ++i) {
    const auto& segment = key.segments[i];
    if (i >= parts.size()) return std::nullopt;
    if (segment.kind == Kind::kGreedy) {
      if (parts[i].empty() && parts.size() == i + 1) return std::nullopt;
      std::string_view rest(parts[i].data(),
                            static_cast<std::size_t>(parts.back().data() + parts.back().size() - parts[i].data()));
      GUST_TRY(parameters[segment.text], codec::percent_decode(rest));
      return parameters;
    }
    GUST_TRY(auto decoded, codec::percent_decode(parts[i]));
    if (segment.kind == Kind::kLiteral) {
      if (segment.text != decoded && segment.text != parts[i]) return std::nullopt;
    } else {
      if (decoded.empty()) return std::nullopt;
      parameters[segment.text] = std::move(decoded);
    }
  }
  if (parts.size() > key.segments.size()) return std::nullopt;
  return parameters;
}

// Whether `a` is the more specific of two keys that fit the same path.
bool is_before(const RouteKey& a, const RouteKey& b) {
  if (a.is_default != b.is_default) return b.is_default;
  const auto is_greedy = [](const RouteKey& key) {
    return !key.segments.empty() && key.segments.back().kind == Kind::kGreedy;
  };
  if (is_greedy(a) != is_greedy(b)) return is_greedy(b);
  for (std::size_t i = 0; i < std::min(a.segments.size(), b.segments.size()); ++i) {
    if (a.segments[i].kind != b.segments[i].kind) return a.segments[i].kind < b.segments[i].kind;
  }
  return a.method != "ANY" && b.method == "ANY";
}

}  // namespace

Result<RouteKey> RouteKey::parse(std::string_view text) {
  RouteKey key;
  if (text == kDefaultRouteKey) {
    key.is_default = true;
    return key;
  }
  const auto space = text.find(' ');
  if (space == text.npos) return bad_key(text, "has no space between method and path");
  key.method = text.substr(0, space);
  key.path = text.substr(space + 1);
  if (std::ranges::find(kMethods, key.method) == kMethods.end()) return bad_key(text, "has an unknown method");
  if (!key.path.starts_with('/')) return bad_key(text, "has a path that does not begin with '/'");
  if (std::ranges::any_of(key.path,
                          [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '?' || c == '#'; })) {
    return bad_key(text, "has a character that no path may have");
  }
  std::set<std::string> names;
  for (auto part : split(key.path)) {
    if (!key.segments.empty() && key.segments.back().kind == Kind::kGreedy)
      return bad_key(text, "has a segment after a greedy parameter");
    GUST_TRY(auto segment, parse_segment(text, part));
    if (segment.kind != Kind::kLiteral && !names.insert(segment.text).second)
      return bad_key(text, "names a parameter twice");
    key.segments.push_back(std::move(segment));
  }
  return key;
}

Result<RouteMatch> choose_route(const std::vector<RouteKey>& keys, std::string_view method, std::string_view path) {
  const auto parts = split(path);
  const RouteKey* best = nullptr;
  RouteMatch match;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto& key = keys[i];
    if (!key.is_default && key.method != "ANY" && key.method != method) continue;
    if (best && !is_before(key, *best)) continue;
    Strings parameters;
    if (!key.is_default) {
      GUST_TRY(auto fitting, fit(key, parts));
      if (!fitting) continue;
      parameters = std::move(*fitting);
    }
    best = &key;
    match = RouteMatch{i, std::move(parameters)};
  }
  // One slash only: how deep this goes is not the client's to choose.
  if (!best && path.size() > 1 && path.ends_with('/') && !path.ends_with("//"))
    return choose_route(keys, method, path.substr(0, path.size() - 1));
  if (!best) return fail(Code::kNotFound, fmt::format("no route fits {} {}", method, path), "route");
  return match;
}

}  // namespace gust::gateway
