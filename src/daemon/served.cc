#include "daemon/served.h"

namespace gust::daemon {

std::string_view bucket_of(const Served& request) {
  const auto begin = std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0);
  return begin.substr(0, begin.find('/'));
}

bool is_listing(const Served& request) {
  const auto begin = std::string_view(request.path).substr(request.path.starts_with('/') ? 1 : 0);
  const bool has_key = begin.size() > bucket_of(request).size() + 1;
  if (has_key || request.method != "GET") return false;
  if (request.query.empty() || request.path == "/") return true;
  for (const auto* word : {"list-type", "prefix", "marker", "max-keys", "delimiter", "uploads", "versions"}) {
    if (request.query.find(word) != std::string::npos) return true;
  }
  return false;
}

bool is_deletion(const Served& request) {
  return request.method == "DELETE" || (request.method == "POST" && request.query.starts_with("delete"));
}

}  // namespace gust::daemon
