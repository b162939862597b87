// Served: a request to a bucket, a table, an HTTP API or a site that was answered, for the bill and the metrics.
#pragma once

#include "api/endpoint.h"
#include "base/ids.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace gust::daemon {

struct Served {
  api::ServiceKind service{};
  std::string name;  // of the API or the site's bucket
  std::string path, method, query;  // of requests to buckets the path, which begins with the bucket, and the query
  AccountId account;  // who signed it; empty: nobody
  enum class From { kOutside, kFunction } from = From::kOutside;
  std::uint64_t bytes_in = 0, bytes_out = 0;
  int status = 0;
  std::string_view operation;    // of a table; of a model, which outlives it
  std::string resource;          // the table
  std::string error;             // the code of an answer that is none of success
  double latency_ms = 0;         // until the answer began
};

// Of a request to buckets: which; empty: none, but the service.
std::string_view bucket_of(const Served& request);
// Whether it asks what there is: objects, versions, uploads or buckets.
bool is_listing(const Served& request);
// Whether it is one of deletion.
bool is_deletion(const Served& request);

}  // namespace gust::daemon
