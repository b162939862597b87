#include "cli/deploy/services.h"
#include "cli/deploy/values.h"
#include "cli/session.h"

#include "codec/json.h"
#include "codec/url.h"

#include <fmt/format.h>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::string path_of(const std::string& name, std::string_view rest = {}) {
  return fmt::format("/2015-03-31/functions/{}{}", codec::percent_encode(name), rest);
}

std::string of_alias(const std::string& alias) {
  return alias.empty() ? "" : "?Qualifier=" + codec::percent_encode(alias);
}

Result<json::object> capacity_of(const Node& value) {
  constexpr auto kOuter = "LambdaManagedInstancesCapacityProviderConfig";
  constexpr auto kMost = "PerExecutionEnvironmentMaxConcurrency";
  json::object inner{{"CapacityProviderArn", value[kOuter]["CapacityProviderArn"].text}};
  if (const auto& most = value[kOuter][kMost]; !most.absent()) {
    GUST_TRY(inner[kMost], integer(most, kMost));
  }
  return json::object{{kOuter, std::move(inner)}};
}

// All of it, so that what a template does not say any more is as it was at first.
json::object logging_of(const Node& given, const std::string& function) {
  json::object out{{"LogFormat", "Text"}, {"LogGroup", "/aws/lambda/" + function}};
  for (const auto& [name, value] : given.fields) out[name] = value.text;
  if (out["LogFormat"] != "JSON") return out;
  for (const auto* level : {"ApplicationLogLevel", "SystemLogLevel"}) {
    if (!out.contains(level)) out[level] = "INFO";
  }
  return out;
}

Result<void> without_value(const Result<json::object>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

json::object code_of(const std::string& bucket, const std::string& key) {
  if (bucket.empty()) return {{"ImageUri", key}};
  return {{"S3Bucket", bucket}, {"S3Key", key}};
}

}  // namespace

Result<json::object> function_settings(const FunctionSpec& spec) {
  json::object out;
  for (const auto& [name, value] : spec.configuration.fields) {
    if (name == "Timeout" || name == "MemorySize") {
      GUST_TRY(out[name], integer(value, name));
    } else if (name == "EphemeralStorage") {
      GUST_TRY(const auto size, integer(value["Size"], "EphemeralStorage.Size"));
      out[name] = json::object{{"Size", size}};
    } else if (name == "SnapStart" || name == "Layers" || name == "ImageConfig") {
      out[name] = plain(value);
    } else if (name == "CapacityProviderConfig") {
      GUST_TRY(out[name], capacity_of(value));
    } else if (name == "Description" || name == "Handler" || name == "Runtime" || name == "Role") {
      out[name] = value.text;
    } else if (name == "Environment") {
      out[name] = json::object{{"Variables", plain(value["Variables"].absent() ? Node::map(0) : value["Variables"])}};
    }
  }
  if (!out.contains("Environment")) out["Environment"] = json::object{{"Variables", json::object{}}};
  if (!out.contains("Description")) out["Description"] = "";
  if (!out.contains("Timeout")) out["Timeout"] = 3;
  if (!out.contains("MemorySize")) out["MemorySize"] = 128;
  if (!out.contains("EphemeralStorage")) out["EphemeralStorage"] = json::object{{"Size", 512}};
  if (!out.contains("SnapStart")) out["SnapStart"] = json::object{{"ApplyOn", "None"}};
  if (!out.contains("Layers")) out["Layers"] = json::array();
  out["LoggingConfig"] = logging_of(spec.configuration["LoggingConfig"], spec.name);
  if (spec.code.from == CodeSource::From::kImage && !out.contains("ImageConfig")) out["ImageConfig"] = json::object();
  return out;
}

Result<json::object> Services::json_call(const std::string& method, const std::string& service, const std::string& path,
                                         const json::object* body, std::string_view what) {
  Call call{.method = method, .service = service, .path = path};
  if (const auto query = call.path.find('?'); query != std::string::npos) {
    call.query = call.path.substr(query + 1);
    call.path.resize(query);
  }
  if (body != nullptr) {
    call.headers.emplace_back("Content-Type", "application/json");
    call.body = codec::to_json(*body);
  }
  GUST_TRY(const auto answer, expect_ok(remote_.send(call), what));
  if (answer.body.empty()) return json::object();
  GUST_TRY(auto parsed, codec::parse_json(answer.body));
  return parsed.is_object() ? std::move(parsed.get_object()) : json::object();
}

Result<std::optional<json::object>> Services::function_configuration(const std::string& name) {
  auto answer = json_call("GET", "lambda", path_of(name, "/configuration"), nullptr,
                          fmt::format("look for the function {}", name));
  if (answer) return std::move(*answer);
  if (answer.error().code == Code::kNotFound) return std::nullopt;
  return std::unexpected(std::move(answer).error());
}

Result<void> Services::create_function(const FunctionSpec& spec, const std::string& code_bucket,
                                       const std::string& code_key) {
  GUST_TRY(auto body, function_settings(spec));
  body["FunctionName"] = spec.name;
  body["Code"] = code_of(code_bucket, code_key);
  body["PackageType"] = code_bucket.empty() ? "Image" : "Zip";
  if (const auto& architectures = spec.configuration["Architectures"]; !architectures.absent())
    body["Architectures"] = plain(architectures);
  return without_value(
      json_call("POST", "lambda", "/2015-03-31/functions", &body, fmt::format("create the function {}", spec.name)));
}

Result<void> Services::update_configuration(const std::string& name, json::object configuration) {
  return without_value(json_call("PUT", "lambda", path_of(name, "/configuration"), &configuration,
                                 fmt::format("update the configuration of {}", name)));
}

Result<void> Services::update_code(const std::string& name, const std::string& code_bucket,
                                   const std::string& code_key) {
  const auto body = code_of(code_bucket, code_key);
  return without_value(
      json_call("PUT", "lambda", path_of(name, "/code"), &body, fmt::format("update the code of {}", name)));
}

Result<std::string> Services::image_of(const std::string& name) {
  GUST_TRY(const auto found, json_call("GET", "lambda", path_of(name), nullptr, fmt::format("look at {}", name)));
  const auto* code = found.if_contains("Code");
  return code == nullptr ? std::string() : member(*code, "ResolvedImageUri");
}

Result<void> Services::remove_image(const std::string& name) {
  auto answer = json_call("DELETE", "gust", "/_gust/images/" + codec::percent_encode(name), nullptr,
                          fmt::format("remove the image {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

Result<void> Services::delete_function(const std::string& name) {
  auto answer = json_call("DELETE", "lambda", path_of(name), nullptr, fmt::format("delete the function {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

Result<std::vector<Permission>> Services::permissions(const std::string& name, const std::string& qualifier) {
  const auto answer = json_call("GET", "lambda", path_of(name, "/policy" + of_alias(qualifier)), nullptr,
                                fmt::format("read the permissions of {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return std::vector<Permission>();
  if (!answer) return std::unexpected(answer.error());
  std::vector<Permission> out;
  const auto* text = answer->if_contains("Policy");
  if (text == nullptr || !text->is_string()) return out;
  GUST_TRY(const auto policy, codec::parse_json(text->get_string()));
  const auto* statements = policy.is_object() ? policy.get_object().if_contains("Statement") : nullptr;
  if (statements == nullptr || !statements->is_array()) return out;
  for (const auto& item : statements->get_array()) {
    const auto at = [&](std::initializer_list<std::string_view> path) -> std::string {
      const json::value* value = &item;
      for (const auto step : path) {
        const auto* object = value->if_object();
        value = object == nullptr ? nullptr : object->if_contains(step);
        if (value == nullptr) return {};
      }
      return value->is_string() ? std::string(value->get_string()) : std::string();
    };
    Permission permission{at({"Sid"}),
                          at({"Action"}),
                          at({"Principal"}),
                          at({"Condition", "ArnLike", "AWS:SourceArn"}),
                          at({"Condition", "StringEquals", "AWS:SourceAccount"}),
                          at({"Condition", "StringEquals", "lambda:FunctionUrlAuthType"}),
                          qualifier};
    for (const auto kind : {"Service", "AWS"}) {
      if (permission.principal.empty()) permission.principal = at({"Principal", kind});
    }
    out.push_back(std::move(permission));
  }
  return out;
}

Result<void> Services::set_permission(const std::string& name, const Permission& permission) {
  json::object body{
      {"StatementId", permission.statement_id}, {"Action", permission.action}, {"Principal", permission.principal}};
  if (!permission.source_arn.empty()) body["SourceArn"] = permission.source_arn;
  if (!permission.source_account.empty()) body["SourceAccount"] = permission.source_account;
  if (!permission.url_auth_type.empty()) body["FunctionUrlAuthType"] = permission.url_auth_type;
  const auto what = fmt::format("let {} invoke {}", permission.principal, name);
  const auto path = path_of(name, "/policy" + of_alias(permission.qualifier));
  auto answer = json_call("POST", "lambda", path, &body, what);
  if (!answer && answer.error().code == Code::kConflict) {  // an older one of this id: in with the new
    GUST_CHECK(remove_permission(name, recorded_id(permission)));
    answer = json_call("POST", "lambda", path, &body, what);
  }
  return without_value(answer);
}

std::string recorded_id(const Permission& permission) {
  return permission.qualifier.empty() ? permission.statement_id : permission.qualifier + ":" + permission.statement_id;
}

Result<void> Services::remove_permission(const std::string& name, const std::string& id) {
  const auto colon = id.find(':');
  const auto alias = colon == std::string::npos ? "" : id.substr(0, colon);
  const auto statement = colon == std::string::npos ? id : id.substr(colon + 1);
  auto answer =
      json_call("DELETE", "lambda", path_of(name, "/policy/" + codec::percent_encode(statement) + of_alias(alias)),
                nullptr, fmt::format("remove a permission of {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

}  // namespace gust::cli
