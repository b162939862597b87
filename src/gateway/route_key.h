// Route keys ("GET /photos/{id}/{rest+}", "$default") and which of them a request means. Pure; any thread.
// Order: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
#pragma once

#include "base/result.h"
#include "gateway/types.h"

#include <string>
#include <string_view>
#include <vector>

namespace gust::gateway {

struct RouteKey {
  struct Segment {
    enum class Kind { kLiteral, kParameter, kGreedy } kind = Kind::kLiteral;
    std::string text;  // the literal, or the parameter's name
  };
  bool is_default = false;
  std::string method;  // "ANY" for all
  std::string path;    // as written, "/photos/{id}"
  std::vector<Segment> segments;

  // kInvalid says what a key looks like.
  static Result<RouteKey> parse(std::string_view text);
};

struct RouteMatch {
  std::size_t index = 0;  // into the keys that were given
  Strings parameters;     // decoded
};

// The most specific key for `method` and the still encoded `path`: literal before parameter before greedy, from the
// left; then an exact method before ANY; $default last. Where none fits, a '/' at the end does not count. kNotFound
// when none fits, kInvalid for a bad escape in `path`.
Result<RouteMatch> choose_route(const std::vector<RouteKey>& keys, std::string_view method, std::string_view path);

}  // namespace gust::gateway
