// Endpoint: which service a request is for, by host, path and credential scope: one table. Any thread.
#pragma once

#include "http/message.h"

#include <string>

namespace gust::api {

enum class ServiceKind {
  kHealth,
  kMetrics,
  kAdmin,
  kConsole,  // never on a host of a site, a bucket or an API, whose pages must not share its origin
  kCode,
  kHttpApi,
  kFunctionUrl,
  kSite,
  kS3,
  kLambda,
  kApiGateway,
  kSts,
  kScaling,
  kDynamoDb,
  kDynamoDbStreams,
  kLogs,
  kCloudWatch,
  kXRay,
  kSpans,
  kNotServed
};

struct Destination {
  ServiceKind service = ServiceKind::kS3;
  std::string
      name;  // of the HTTP API or the function URL, of the site's bucket, or of the service that Gust does not serve
  std::string path;  // as the service sees it: below an API, with a virtual-host bucket in front
};

// `scope_service` is the service that the signature is scoped to, or empty.
Destination find_destination(const http::Request& request, const std::string& scope_service);

}  // namespace gust::api
