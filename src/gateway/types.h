// What an HTTP API is made of, as its owner configured it. Plain records, free of HTTP and of the wire. Any thread.
#pragma once

#include "base/ids.h"
#include "base/time.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace gust::gateway {

using Strings = std::map<std::string, std::string>;

inline constexpr std::string_view kDefaultStage = "$default";
inline constexpr std::string_view kDefaultRouteKey = "$default";

// Empty lists mean "not set". The gateway answers preflights by it and replaces the integration's own CORS headers.
struct Cors {
  bool allow_credentials = false;
  std::vector<std::string> allow_headers;
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_origins;
  std::vector<std::string> expose_headers;
  std::optional<std::int32_t> max_age_seconds;
};

struct ApiRecord {
  static constexpr std::string_view kNoun = "API";
  std::string id;
  AccountId account;
  std::string region;
  std::string name;
  std::string description;
  std::string version;
  std::string ip_address_type = "ipv4";
  std::string route_selection_expression = "$request.method $request.path";
  bool endpoint_disabled = false;
  std::optional<Cors> cors;
  Strings tags;
  WallTime created{};
  // Of a quick create: the route and integration that "target" made, so that an update of the API finds them.
  std::string quick_route_id;
  std::string quick_integration_id;
};

struct RouteRecord {
  static constexpr std::string_view kNoun = "Route";
  static constexpr std::string_view kTable = "route";
  std::string id;
  std::string key;     // "GET /photos/{id}" or "$default"
  std::string target;  // "integrations/ID", or empty
  std::string operation_name;
  bool managed = false;  // made by a quick create
};

struct IntegrationRecord {
  static constexpr std::string_view kNoun = "Integration";
  static constexpr std::string_view kTable = "integration";
  std::string id;
  std::string type = "AWS_PROXY";
  std::string uri;  // a function's ARN, or the path form that ends in /invocations
  std::string method = "POST";
  std::string payload_format_version = "2.0";
  std::string description;
  std::int32_t timeout_ms = 30'000;
  bool managed = false;
};

struct StageRecord {
  static constexpr std::string_view kNoun = "Stage";
  static constexpr std::string_view kTable = "stage";
  std::string id;  // its name
  bool auto_deploy = false;
  std::string deployment_id;
  std::string description;
  Strings variables;
  Strings tags;
  bool detailed_metrics = false;
  WallTime created{};
  WallTime updated{};
  bool managed = false;
};

// What a stage serves: the routes and integrations of the moment when it was made.
struct DeploymentRecord {
  static constexpr std::string_view kNoun = "Deployment";
  static constexpr std::string_view kTable = "deployment";
  std::string id;
  std::string description;
  bool automatic = false;
  WallTime created{};
  std::vector<RouteRecord> routes;
  std::vector<IntegrationRecord> integrations;
};

}  // namespace gust::gateway
