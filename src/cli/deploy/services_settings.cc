// What is kept beside a function: retries, concurrency, URL, alias and versions.
#include "cli/deploy/services.h"
#include "cli/deploy/values.h"

#include "codec/url.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <chrono>
#include <thread>

namespace gust::cli {
namespace {

namespace json = boost::json;

constexpr std::chrono::milliseconds kLook{250};
constexpr int kLooks = 1200;  // a snapshot's init has 130 seconds, or the function's time limit of up to 900

std::string path_of(std::string_view api, const std::string& function, std::string_view rest,
                    const std::string& alias = {}) {
  const auto qualifier = alias.empty() ? "" : "?Qualifier=" + codec::percent_encode(alias);
  return fmt::format("/{}/functions/{}{}{}", api, codec::percent_encode(function), rest, qualifier);
}

std::string text_of(const json::object& of, std::string_view name) {
  const auto* value = of.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

Setting retries_of(const std::string& function, const std::string& alias) {
  const auto path = path_of("2019-09-25", function, "/event-invoke-config", alias);
  return {"the retries of " + function,
          path,
          path,
          "",
          {{"MaximumRetryAttempts", "MaximumRetryAttempts"},
           {"MaximumEventAgeInSeconds", "MaximumEventAgeInSeconds"},
           {"DestinationConfig", "DestinationConfig"}},
          {}};
}

Setting reserved_of(const std::string& function) {
  return {"the reserved concurrency of " + function,
          path_of("2019-09-30", function, "/concurrency"),
          path_of("2017-10-31", function, "/concurrency"),
          "",
          {{"ReservedConcurrentExecutions", "ReservedConcurrentExecutions"}},
          {}};
}

Setting provisioned_of(const std::string& function, const std::string& alias) {
  const auto path = path_of("2019-09-30", function, "/provisioned-concurrency", alias);
  return {"the provisioned concurrency of " + function,
          path,
          path,
          "",
          {{"RequestedProvisionedConcurrentExecutions", "ProvisionedConcurrentExecutions"}},
          {}};
}

Setting url_of(const std::string& function, const std::string& alias) {
  const auto path = path_of("2021-10-31", function, "/url", alias);
  return {"the URL of " + function,
          path,
          path,
          path,
          {{"AuthType", "AuthType"}, {"Cors", "Cors"}, {"InvokeMode", "InvokeMode"}, {"FunctionUrl", "FunctionUrl"}},
          {}};
}

Setting alias_of(const std::string& function, const std::string& alias) {
  const auto path = path_of("2015-03-31", function, "/aliases/" + codec::percent_encode(alias));
  return {fmt::format("the alias {} of {}", alias, function),
          path,
          path,
          path_of("2015-03-31", function, "/aliases"),
          {{"FunctionVersion", "FunctionVersion"}, {"Description", "Description"}, {"RoutingConfig", "RoutingConfig"}},
          {{"Name", alias}}};
}

Result<std::optional<json::object>> retries_value(const Node& settings) {
  if (settings.absent()) return std::nullopt;
  json::object out{{"MaximumRetryAttempts", 2}, {"MaximumEventAgeInSeconds", 21600}};
  for (const auto* member : {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"}) {
    if (settings[member].is_scalar()) {
      GUST_TRY(out[member], integer(settings[member], member));
    }
  }
  if (!settings["DestinationConfig"].absent()) out["DestinationConfig"] = plain(settings["DestinationConfig"]);
  return out;
}

Result<std::optional<json::object>> count_value(const char* member, const Node& count) {
  if (count.absent()) return std::nullopt;
  json::object out;
  GUST_TRY(out[member], integer(count, member));
  return out;
}

Result<std::optional<json::object>> url_value(const Node& url) {
  if (url.absent()) return std::nullopt;
  json::object out{{"AuthType", url["AuthType"].text}, {"Cors", json::object()}};
  out["InvokeMode"] = url["InvokeMode"].is_scalar() ? url["InvokeMode"].text : "BUFFERED";
  if (const auto& raw = url["Cors"]; raw.is_map()) {
    auto cors = plain(raw);
    if (raw["AllowCredentials"].is_scalar())
      cors.as_object()["AllowCredentials"] = raw["AllowCredentials"].text == "true";
    if (!raw["MaxAge"].absent()) {
      GUST_TRY(cors.as_object()["MaxAge"], integer(raw["MaxAge"], "MaxAge"));
    }
    out["Cors"] = std::move(cors);
  }
  return out;
}

Result<std::optional<json::object>> Services::read(const Setting& setting) {
  const auto answer = json_call("GET", "lambda", setting.read_path, nullptr, "read " + setting.what);
  if (!answer && answer.error().code == Code::kNotFound) return std::nullopt;
  if (!answer) return std::unexpected(answer.error());
  json::object out;
  for (const auto& [from, to] : setting.members) {
    if (const auto* value = answer->if_contains(from); value != nullptr && !value->is_null()) out[to] = *value;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

Result<json::object> Services::write(const Setting& setting, const std::optional<json::object>& value) {
  if (!value) {
    auto answer = json_call("DELETE", "lambda", setting.write_path, nullptr, "remove " + setting.what);
    if (!answer && answer.error().code == Code::kNotFound) return json::object();
    return answer;
  }
  const auto what = "set " + setting.what;
  if (!setting.create_path.empty()) {
    GUST_TRY(const auto there, read(setting));
    if (!there) {
      auto body = *value;
      for (const auto& [name, each] : setting.only_new) body[name] = each;
      return json_call("POST", "lambda", setting.create_path, &body, what);
    }
  }
  return json_call("PUT", "lambda", setting.write_path, &*value, what);
}

Result<std::string> Services::publish_layer(const LayerSpec& spec, const std::string& code_bucket,
                                            const std::string& code_key) {
  json::object body;
  for (const auto& [name, value] : spec.settings.fields) body[name] = plain(value);
  body["Content"] = json::object{{"S3Bucket", code_bucket}, {"S3Key", code_key}};
  GUST_TRY(const auto made, json_call("POST", "lambda", fmt::format("/2018-10-31/layers/{}/versions", spec.name), &body,
                                      fmt::format("publish the layer {}", spec.name)));
  return text_of(made, "LayerVersionArn");
}

Result<bool> Services::layer_exists(const std::string& arn) {
  const auto path = "/2018-10-31/layers?find=LayerVersion&Arn=" + codec::percent_encode(arn);
  const auto answer = json_call("GET", "lambda", path, nullptr, fmt::format("look for the layer {}", arn));
  if (!answer && answer.error().code == Code::kNotFound) return false;
  if (!answer) return std::unexpected(answer.error());
  return true;
}

Result<void> Services::delete_layer(const std::string& arn) {
  const auto version = arn.rfind(':'), name = arn.rfind(':', version - 1);
  const auto path = fmt::format("/2018-10-31/layers/{}/versions/{}", arn.substr(name + 1, version - name - 1),
                                arn.substr(version + 1));
  GUST_CHECK(json_call("DELETE", "lambda", path, nullptr, fmt::format("delete the layer {}", arn)));
  return {};
}

Result<std::string> Services::publish(const std::string& name, const Progress& progress) {
  const json::object nothing;
  GUST_TRY(const auto made, json_call("POST", "lambda", path_of("2015-03-31", name, "/versions"), &nothing,
                                      fmt::format("publish a version of {}", name)));
  const auto version = text_of(made, "Version");
  for (int look = 0; look < kLooks; ++look) {
    GUST_TRY(const auto now, json_call("GET", "lambda", path_of("2015-03-31", name, "/configuration", version), nullptr,
                                       fmt::format("look for version {} of {}", version, name)));
    const auto state = text_of(now, "State");
    if (state == "Failed") {
      return fail(Code::kUnavailable,
                  fmt::format("version {} of {} cannot start: {}", version, name, text_of(now, "StateReason")),
                  "version");
    }
    if (state != "Pending") return version;
    if (look == 0) progress(fmt::format("waiting for the snapshot of {}:{}", name, version));
    std::this_thread::sleep_for(kLook);
  }
  return fail(Code::kTimeout, fmt::format("version {} of {} is not ready yet", version, name), "version");
}

}  // namespace gust::cli
