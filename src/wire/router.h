// Router: which operation of a model a request means. Immutable; any thread.
#pragma once

#include "codec/url.h"
#include "http/message.h"
#include "wire/model.h"
#include "wire/rest_bindings.h"

#include <optional>
#include <string>
#include <vector>

namespace gust::wire {

struct Match {
  const Operation* operation = nullptr;
  Labels labels;
};

class Router {
 public:
  explicit Router(const Model& model);

  // REST: by method, path, and the query names and headers that an operation cannot do without; the most particular one
  // wins. Nothing when no operation has such a path.
  std::optional<Match> find(std::string_view method, std::string_view path, const codec::QueryPairs& query,
                            const http::Headers& headers) const;

 private:
  struct Route {
    const Operation* operation = nullptr;
    std::vector<std::string> segments;  // "{Name}" and "{Name+}" are labels
    std::vector<std::pair<std::string, std::string>> literals;  // of the query; an empty value matches any
    std::vector<std::string> needed_query;
    std::vector<std::string> needed_headers;
  };

  std::vector<Route> routes_;
};

}  // namespace gust::wire
