#include "wire/router.h"

#include <algorithm>

namespace gust::wire {
namespace {

std::vector<std::string> split_template(std::string_view path) {
  std::vector<std::string> segments;
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return segments;
  for (;;) {
    const auto slash = path.find('/');
    segments.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    path.remove_prefix(slash + 1);
  }
}

bool is_label(std::string_view segment) { return segment.starts_with('{') && segment.ends_with('}'); }
bool is_greedy(std::string_view segment) { return segment.ends_with("+}"); }

// Whether `path` fits; fills `labels` then, unless it is null. A greedy label takes what is left up to the segments
// after it; one empty segment at the end ("/bucket/") counts as none.
bool match_path(const std::vector<std::string>& segments, std::string_view path, Labels* labels) {
  if (path.starts_with('/')) path.remove_prefix(1);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const std::string_view segment = segments[i];
    if (is_label(segment) && is_greedy(segment)) {
      std::string tail;
      for (std::size_t j = i + 1; j < segments.size(); ++j) tail += "/" + segments[j];
      if (path.size() <= tail.size() || !path.ends_with(tail)) return false;
      if (labels != nullptr)
        (*labels)[std::string(segment.substr(1, segment.size() - 3))] = path.substr(0, path.size() - tail.size());
      return true;
    }
    const auto part = path.substr(0, path.find('/'));
    if (is_label(segment)) {
      if (part.empty()) return false;
      if (labels != nullptr) (*labels)[std::string(segment.substr(1, segment.size() - 2))] = part;
    } else if (part != segment) {
      return false;
    }
    path.remove_prefix(std::min(path.size(), part.size() + (i + 1 < segments.size() ? 1 : 0)));
  }
  return path.empty() || path == "/";
}

}  // namespace

Router::Router(const Model& model) {
  for (const auto& [name, operation] : model.operations()) {
    Route route{.operation = &operation};
    const std::string_view uri = operation.uri;
    const auto question = uri.find('?');
    route.segments = split_template(uri.substr(0, question));
    if (question != std::string_view::npos) {
      if (auto literals = codec::parse_query(uri.substr(question + 1))) route.literals = *std::move(literals);
    }
    if (operation.input.shape != nullptr) {
      for (const auto& member : operation.input.shape->members) {
        if (!member.required) continue;
        if (member.location == Location::kQuery) route.needed_query.push_back(member.wire_name());
        if (member.location == Location::kHeader) route.needed_headers.push_back(member.wire_name());
      }
    }
    routes_.push_back(std::move(route));
  }
}

std::optional<Match> Router::find(std::string_view method, std::string_view path, const codec::QueryPairs& query,
                                  const http::Headers& headers) const {
  const auto in_query = [&](std::string_view name) {
    return std::ranges::any_of(query, [&](const auto& p) { return p.first == name; });
  };
  const Route* best = nullptr;
  int best_score = -1;
  for (const auto& route : routes_) {
    if (route.operation->method != method) continue;
    const bool literals = std::ranges::all_of(route.literals, [&](const auto& literal) {
      return std::ranges::any_of(query, [&](const auto& p) {
        return p.first == literal.first && (literal.second.empty() || p.second == literal.second);
      });
    });
    if (!literals || !match_path(route.segments, path, nullptr)) continue;
    const bool complete =
        std::ranges::all_of(route.needed_query, in_query) &&
        std::ranges::all_of(route.needed_headers, [&](const auto& name) { return headers.contains(name); });
    const auto fixed = std::ranges::count_if(route.segments, [](const auto& s) { return !is_label(s); });
    const auto needs = static_cast<int>(route.needed_query.size() + route.needed_headers.size());
    const auto exact = 10 * static_cast<int>(route.literals.size()) + static_cast<int>(fixed);
    // One whose needs are all there beats one without needs; one that lacks something is a last resort.
    const int score = complete ? 1000 + 100 * exact + needs : 100 - needs;
    if (score > best_score) {
      best_score = score;
      best = &route;
    }
  }
  if (best == nullptr) return std::nullopt;
  Match match{best->operation, {}};
  match_path(best->segments, path, &match.labels);
  return match;
}

}  // namespace gust::wire
