// What each record of an HTTP API may hold.
#include "gateway/edit.h"
#include "gateway/function_uri.h"

#include <fmt/format.h>

#include <algorithm>

namespace gust::gateway {
namespace {

std::unexpected<Error> wrong(std::string message, std::string source) {
  return fail(Code::kInvalid, std::move(message), std::move(source));
}

bool is_name(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](unsigned char c) {
    return (c < 0x80 && std::isalnum(c)) || others.find(static_cast<char>(c)) != others.npos;
  });
}

Result<void> check_cors(const Cors& cors) {
  if (cors.max_age_seconds && (*cors.max_age_seconds < -1 || *cors.max_age_seconds > 86400)) {
    return wrong(fmt::format("MaxAge is {}; it must be from -1 to 86400 seconds", *cors.max_age_seconds), "cors");
  }
  for (const auto& origin : cors.allow_origins) {
    if (cors.allow_credentials && origin == "*") {
      return wrong("AllowCredentials cannot be true when AllowOrigins has \"*\"; name the origins", "cors");
    }
    if (origin != "*" && origin.find("://") == origin.npos) {
      return wrong(
          fmt::format("Invalid format for origin {}; expected a scheme and a host as in https://app.example, or \"*\"",
                      origin),
          "cors");
    }
  }
  for (const auto* list : {&cors.allow_headers, &cors.allow_methods, &cors.expose_headers}) {
    for (const auto& value : *list) {
      if (!is_name(value, "!#$%&'*+-.^_`|~"))
        return wrong(fmt::format("'{}' is not a name of a header or a method, nor \"*\"", value), "cors");
    }
  }
  for (const auto& origin : cors.allow_origins) {
    if (std::ranges::any_of(origin, [](unsigned char c) { return c <= ' ' || c == ',' || c == 0x7f; })) {
      return wrong(fmt::format("Invalid format for origin '{}': no spaces or commas may be in it", origin), "cors");
    }
  }
  return {};
}

}  // namespace

Result<void> check(const ApiRecord& api) {
  if (api.name.empty() || api.name.size() > 128) return wrong("Name must have 1 to 128 characters", "name");
  if (api.description.size() > 1024) return wrong("Description must have at most 1024 characters", "description");
  if (api.version.size() > 64) return wrong("Version must have at most 64 characters", "version");
  if (api.route_selection_expression != ApiRecord().route_selection_expression) {
    return wrong("RouteSelectionExpression of an HTTP API must be \"$request.method $request.path\"",
                 "route selection expression");
  }
  if (api.tags.size() > 50) return wrong("An API can have at most 50 tags", "tags");
  return api.cors ? check_cors(*api.cors) : Result<void>();
}

Result<void> check(const RouteRecord& route) {
  GUST_CHECK(RouteKey::parse(route.key));
  if (route.target.size() > 128) return wrong("Target must have at most 128 characters", "target");
  if (route.operation_name.size() > 64) return wrong("OperationName must have at most 64 characters", "operation name");
  return {};
}

Result<void> check(const IntegrationRecord& integration) {
  if (integration.type != "AWS_PROXY") {
    return wrong(fmt::format("IntegrationType {} is not served for an HTTP API; use AWS_PROXY with a function's ARN",
                             integration.type),
                 "type");
  }
  GUST_CHECK(function_of_uri(integration.uri));
  const auto& version = integration.payload_format_version;
  if (version.empty())
    return wrong("PayloadFormatVersion is a required parameter for integration; give 2.0 or 1.0",
                 "payload format version");
  if (version != "1.0" && version != "2.0") {
    return wrong(fmt::format("PayloadFormatVersion must be 1.0 or 2.0 for an AWS_PROXY integration, not '{}'", version),
                 "payload format version");
  }
  if (integration.timeout_ms < 50 || integration.timeout_ms > 30'000) {
    return wrong(fmt::format("TimeoutInMillis is {}; it must be from 50 to 30000", integration.timeout_ms), "timeout");
  }
  if (integration.method != "POST")
    return wrong("IntegrationMethod of an AWS_PROXY integration must be POST", "method");
  return {};
}

Result<void> check(const StageRecord& stage) {
  if (stage.id != kDefaultStage && (stage.id.size() > 128 || !is_name(stage.id, "-_"))) {
    return wrong(
        fmt::format("Stage name only allows a-zA-Z0-9_- or $default, at most 128 characters; given '{}'", stage.id),
        "stage name");
  }
  for (const auto& [name, value] : stage.variables) {
    if (name.size() > 64 || !is_name(name, "_"))
      return wrong(fmt::format("Stage variable name '{}' must be up to 64 of a-zA-Z0-9_", name), "stage variable");
    if (value.size() > 512 || !std::ranges::all_of(value, [](unsigned char c) {
          return std::isalnum(c) || std::string_view("-._~:/?#&=,").contains(static_cast<char>(c));
        })) {
      return wrong(
          fmt::format("The value of stage variable '{}' must match [A-Za-z0-9-._~:/?#&=,]*, at most 512 characters",
                      name),
          "stage variable");
    }
  }
  return {};
}

}  // namespace gust::gateway
