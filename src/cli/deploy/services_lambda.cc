#include "cli/deploy/services.h"

#include "codec/json.h"
#include "codec/url.h"

#include <fmt/format.h>

#include <charconv>

namespace gust::cli {
namespace {

namespace json = boost::json;

std::string path_of(const std::string& name, std::string_view rest = {}) {
  return fmt::format("/2015-03-31/functions/{}{}", codec::percent_encode(name), rest);
}

std::string event_invoke_path(const std::string& name) {
  return fmt::format("/2019-09-25/functions/{}/event-invoke-config", codec::percent_encode(name));
}

Result<std::int64_t> integer(const Node& node, std::string_view what) {
  std::int64_t value = 0;
  const auto& text = node.text;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem == std::errc() && end == text.data() + text.size()) return value;
  return fail(Code::kInvalid, fmt::format("line {}: {} must be a whole number, not '{}'", node.line, what, text),
              "template");
}

Result<void> without_value(const Result<json::object>& answer) {
  if (!answer) return std::unexpected(answer.error());
  return {};
}

json::value plain(const Node& node) {
  if (node.is_scalar()) return json::value(node.text);
  if (node.is_list()) {
    json::array out;
    for (const auto& item : node.items) out.push_back(plain(item));
    return out;
  }
  json::object out;
  for (const auto& [name, value] : node.fields) out[name] = plain(value);
  return out;
}

}  // namespace

Result<json::object> function_settings(const FunctionSpec& spec) {
  json::object out;
  for (const auto& [name, value] : spec.configuration.fields) {
    if (name == "Timeout" || name == "MemorySize") {
      GUST_TRY(out[name], integer(value, name));
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
  return out;
}

Result<json::object> Services::json_call(const std::string& method, const std::string& service, const std::string& path,
                                         const json::object* body, std::string_view what) {
  Call call{.method = method, .service = service, .path = path};
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
  body["Code"] = json::object{{"S3Bucket", code_bucket}, {"S3Key", code_key}};
  body["PackageType"] = "Zip";
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
  const json::object body{{"S3Bucket", code_bucket}, {"S3Key", code_key}};
  return without_value(
      json_call("PUT", "lambda", path_of(name, "/code"), &body, fmt::format("update the code of {}", name)));
}

Result<void> Services::delete_function(const std::string& name) {
  auto answer = json_call("DELETE", "lambda", path_of(name), nullptr, fmt::format("delete the function {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

Result<void> Services::put_event_invoke(const std::string& name, const Node& settings) {
  json::object body{{"MaximumRetryAttempts", 2}, {"MaximumEventAgeInSeconds", 21600}};
  for (const auto field : {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"}) {
    if (!settings[field].is_scalar()) continue;
    GUST_TRY(body[field], integer(settings[field], field));
  }
  if (!settings["DestinationConfig"].absent()) body["DestinationConfig"] = plain(settings["DestinationConfig"]);
  return without_value(
      json_call("PUT", "lambda", event_invoke_path(name), &body, fmt::format("set the retries of {}", name)));
}

Result<std::optional<json::object>> Services::event_invoke(const std::string& name) {
  auto answer =
      json_call("GET", "lambda", event_invoke_path(name), nullptr, fmt::format("read the retries of {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return std::nullopt;
  if (!answer) return std::unexpected(std::move(answer).error());
  json::object out;
  for (const auto field : {"MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig"}) {
    if (const auto* value = answer->if_contains(field); value != nullptr && !value->is_null()) out[field] = *value;
  }
  return out;
}

Result<void> Services::restore_event_invoke(const std::string& name, const std::optional<json::object>& settings) {
  const auto what = fmt::format("restore the retries of {}", name);
  if (settings) return without_value(json_call("PUT", "lambda", event_invoke_path(name), &*settings, what));
  const auto answer = json_call("DELETE", "lambda", event_invoke_path(name), nullptr, what);
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

Result<std::vector<Permission>> Services::permissions(const std::string& name) {
  const auto answer =
      json_call("GET", "lambda", path_of(name, "/policy"), nullptr, fmt::format("read the permissions of {}", name));
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
    Permission permission{at({"Sid"}), at({"Action"}), at({"Principal"}), at({"Condition", "ArnLike", "AWS:SourceArn"}),
                          at({"Condition", "StringEquals", "AWS:SourceAccount"})};
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
  const auto what = fmt::format("let {} invoke {}", permission.principal, name);
  auto answer = json_call("POST", "lambda", path_of(name, "/policy"), &body, what);
  if (!answer && answer.error().code == Code::kConflict) {  // an older one of this id: in with the new
    GUST_CHECK(remove_permission(name, permission.statement_id));
    answer = json_call("POST", "lambda", path_of(name, "/policy"), &body, what);
  }
  return without_value(answer);
}

Result<void> Services::remove_permission(const std::string& name, const std::string& statement_id) {
  auto answer = json_call("DELETE", "lambda", path_of(name, "/policy/" + codec::percent_encode(statement_id)), nullptr,
                          fmt::format("remove a permission of {}", name));
  if (!answer && answer.error().code == Code::kNotFound) return {};
  return without_value(answer);
}

}  // namespace gust::cli
