#include "api/endpoint.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace gust::api {
namespace {

std::string host_without_port(std::string_view host) {
  if (!host.starts_with('[')) host = host.substr(0, host.rfind(':'));
  std::string out(host);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return out;
}

// What stands before ".<middle>" in a host like name.middle.anything; nothing when the host is not of that form.
std::optional<std::string> before(const std::string& host, std::string_view middle) {
  auto at = host.find(middle);
  while (at != std::string::npos && (at == 0 || host[at - 1] != '.')) at = host.find(middle, at + 1);
  if (at == std::string::npos || --at == 0) return std::nullopt;
  const auto end = at + 1 + middle.size();
  if (end < host.size() && host[end] != '.' && host[end] != '-') return std::nullopt;
  return host.substr(0, at);
}

struct ByPath {
  std::string_view prefix;
  ServiceKind service;
};
constexpr ByPath kByPath[] = {
    {"/2015-03-31/functions", ServiceKind::kLambda},
    {"/2019-09-25/functions", ServiceKind::kLambda},
    {"/v2/apis", ServiceKind::kApiGateway},
};

struct ByScope {
  std::string_view scope;
  ServiceKind service;
};
constexpr ByScope kByScope[] = {
    {"s3", ServiceKind::kS3},   {"lambda", ServiceKind::kLambda}, {"apigateway", ServiceKind::kApiGateway},
    {"sts", ServiceKind::kSts}, {"gust", ServiceKind::kAdmin},
    {"application-autoscaling", ServiceKind::kScaling},
    {"dynamodb", ServiceKind::kDynamoDb},
    {"logs", ServiceKind::kLogs},
    {"xray", ServiceKind::kXRay},
    {"monitoring", ServiceKind::kCloudWatch},
};

// Before the scope, which may be of several services; `scope` is theirs, or the request has none.
struct ByTarget {
  std::string_view prefix, scope;
  ServiceKind service;
};
constexpr ByTarget kByTarget[] = {
    {"DynamoDB_20120810.", "dynamodb", ServiceKind::kDynamoDb},
    {"DynamoDBStreams_20120810.", "dynamodb", ServiceKind::kDynamoDbStreams},
};

// Services whose clients deserve to hear that they are not here, rather than an answer of S3's.
constexpr std::string_view kNotServed[] = {"appconfig",
                                           "athena",
                                           "cloudformation",
                                           "cloudfront",
                                           "cognito-identity",
                                           "cognito-idp",
                                           "ec2",
                                           "ecr",
                                           "ecs",
                                           "elasticache",
                                           "es",
                                           "events",
                                           "execute-api",
                                           "firehose",
                                           "glue",
                                           "iam",
                                           "kinesis",
                                           "kms",
                                           "rds",
                                           "rds-data",
                                           "route53",
                                           "scheduler",
                                           "secretsmanager",
                                           "ses",
                                           "sns",
                                           "sqs",
                                           "ssm",
                                           "states"};

bool is_below(std::string_view path, std::string_view prefix) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '/');
}

// Paths of Gust's own.
std::optional<Destination> own_path(const std::string& path) {
  if (!path.starts_with("/_gust")) return std::nullopt;
  if (path == "/_gust/health") return Destination{ServiceKind::kHealth, "", path};
  if (path == "/_gust/metrics") return Destination{ServiceKind::kMetrics, "", path};
  constexpr std::pair<std::string_view, ServiceKind> kNamed[] = {{"/_gust/api/", ServiceKind::kHttpApi},
                                                                 {"/_gust/url/", ServiceKind::kFunctionUrl}};
  for (const auto& [prefix, service] : kNamed) {
    if (!path.starts_with(prefix)) continue;
    const auto rest = path.substr(prefix.size());
    const auto slash = rest.find('/');
    return Destination{service, rest.substr(0, slash), slash == std::string::npos ? "/" : rest.substr(slash)};
  }
  if (path.starts_with("/_gust/code/")) return Destination{ServiceKind::kCode, "", path};
  if (path == "/_gust" || path == "/_gust/" || is_below(path, "/_gust/console"))
    return Destination{ServiceKind::kConsole, "", path};
  if (is_below(path, "/_gust")) return Destination{ServiceKind::kAdmin, "", path};
  return std::nullopt;
}

// A host of DynamoDB's, or a request as only its clients send it: a page that asks whether it may send a target.
bool is_for_tables(const http::Request& request, const std::string& host) {
  if (host == "dynamodb.localhost" || (host.starts_with("dynamodb.") && host.find('.', 9) != std::string::npos))
    return true;
  if (request.method == "OPTIONS") {
    const auto asked = request.headers.get_or("access-control-request-headers", "");
    return asked.find("x-amz-target") != std::string_view::npos;
  }
  return request.method == "POST" &&
         request.headers.get_or("content-type", "").starts_with("application/x-amz-json-1.0");
}

std::optional<Destination> by_host(const std::string& host, const std::string& path) {
  if (const auto api = before(host, "execute-api")) return Destination{ServiceKind::kHttpApi, *api, path};
  if (const auto id = before(host, "lambda-url")) return Destination{ServiceKind::kFunctionUrl, *id, path};
  if (const auto bucket = before(host, "site.localhost")) return Destination{ServiceKind::kSite, *bucket, path};
  if (const auto bucket = before(host, "s3-website")) return Destination{ServiceKind::kSite, *bucket, path};
  if (host == "s3.localhost" || host.starts_with("s3.")) return std::nullopt;
  if (const auto bucket = before(host, "s3")) return Destination{ServiceKind::kS3, "", "/" + *bucket + path};
  constexpr std::string_view kLocal = ".localhost";
  if (host.ends_with(kLocal))
    return Destination{ServiceKind::kS3, "", "/" + host.substr(0, host.size() - kLocal.size()) + path};
  return std::nullopt;
}

}  // namespace

Destination find_destination(const http::Request& request, const std::string& scope_service) {
  const auto& path = request.path;
  const auto host = host_without_port(request.host());
  if (auto own = own_path(path)) {
    if (own->service == ServiceKind::kConsole && by_host(host, path)) own->service = ServiceKind::kAdmin;
    return *std::move(own);
  }
  // Where OpenTelemetry sends spans to, and where the service takes them.
  if (path == "/v1/traces" && request.method == "POST" && (scope_service == "xray" || request.peer == "sandbox"))
    return {ServiceKind::kSpans, "", path};
  const auto target = request.headers.get_or("x-amz-target", "");
  if (scope_service.empty() && path == "/" && !target.starts_with("DynamoDBStreams_") && is_for_tables(request, host))
    return {ServiceKind::kDynamoDb, "", path};
  if (auto named = by_host(host, path);
      named && (named->service != ServiceKind::kS3 || scope_service.empty() || scope_service == "s3")) {
    return *std::move(named);
  }
  for (const auto& [prefix, scope, service] : kByTarget) {
    if (target.starts_with(prefix) && (scope_service.empty() || scope_service == scope)) return {service, "", path};
  }
  for (const auto& [scope, service] : kByScope) {
    if (scope_service == scope) return {service, "", path};
  }
  if (std::ranges::find(kNotServed, scope_service) != std::end(kNotServed))
    return {ServiceKind::kNotServed, scope_service, path};
  for (const auto& [prefix, service] : kByPath) {
    if (is_below(path, prefix)) return {service, "", path};
  }
  return {ServiceKind::kS3, "", path};
}

}  // namespace gust::api
