// Content: what a site is made of; implemented where objects are known. Loop thread only.
#pragma once

#include "async/bytes.h"
#include "async/task.h"
#include "base/context.h"
#include "base/ids.h"
#include "base/time.h"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace gust::sites {

// One object, as it is now.
struct Found {
  std::map<std::string, std::string> headers;  // names in lower case: content-type, cache-control, ...
  std::string etag;                            // without quotes
  std::uint64_t size = 0;
  WallTime modified_at{};
  // Bytes [offset, offset + length); called at most once.
  std::function<async::Task<std::unique_ptr<async::ByteSource>>(std::uint64_t offset, std::uint64_t length)> open;
};

// A bucket's website configuration.
struct Website {
  struct RedirectAll {
    std::string host;
    std::string protocol;  // "http", "https", or empty for the request's own
  };
  // A redirect under conditions; empty texts and 0 are not set.
  struct RoutingRule {
    std::string key_prefix;  // of the condition
    int error_status = 0;    // of the condition: only for a request that ends in it
    std::string host, protocol, replace_prefix, replace_key;
    bool replaces_prefix = false;  // replace_prefix is meant, even when empty
    int status = 301;
  };
  std::string index_suffix;  // "index.html"; empty only with redirect_all
  std::string error_key;     // or empty
  std::optional<RedirectAll> redirect_all;
  std::vector<RoutingRule> routing_rules;  // the first that fits counts
};

class Content {
 public:
  virtual ~Content() = default;
  // kNotFound when there is no such object, kDenied when not everyone may read it.
  virtual async::Task<Found> get(RequestContext context, BucketName bucket, ObjectKey key) = 0;
  // kNotFound with source "bucket" or "website".
  virtual async::Task<Website> website(BucketName bucket) = 0;
};

}  // namespace gust::sites
