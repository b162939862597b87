// Services: the calls of S3, Lambda and API Gateway that a deploy makes, each to a wanted state and safe to repeat.
// Blocking. Errors carry the service's code as their source.
#pragma once

#include "cli/remote.h"
#include "cli/template/desired.h"

#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <set>

namespace gust::cli {

class Services {
 public:
  explicit Services(Remote& remote) : remote_(remote) {}

  // S3 (services_s3.cc).
  Result<bool> bucket_exists(const std::string& bucket);
  Result<void> create_bucket(const std::string& bucket);
  // kConflict "BucketNotEmpty" when there is something in it.
  Result<void> delete_bucket(const std::string& bucket);
  Result<void> put_cors(const std::string& bucket, const Node& rules);       // absent removes
  Result<void> put_website(const std::string& bucket, const Node& website);  // absent removes
  Result<void> put_notifications(const std::string& bucket, const std::vector<Notification>& notifications);
  // A configuration ("cors", "website", "notification") as its XML; nothing when there is none.
  Result<std::optional<std::string>> bucket_part(const std::string& bucket, const std::string& part);
  Result<void> put_bucket_part(const std::string& bucket, const std::string& part,
                               const std::optional<std::string>& xml);
  Result<void> put_object(const std::string& bucket, const std::string& key, const std::string& text,
                          const std::string& type);
  Result<void> put_file(const std::string& bucket, const std::string& key, const std::string& path,
                        const std::string& type);
  Result<void> delete_object(const std::string& bucket, const std::string& key);
  Result<std::optional<std::string>> get_object(const std::string& bucket, const std::string& key);
  Result<std::vector<std::string>> list_keys(const std::string& bucket, const std::string& prefix);

  // Lambda (services_lambda.cc). `code_bucket` and `code_key` name the zip.
  Result<std::optional<boost::json::object>> function_configuration(const std::string& name);
  Result<void> create_function(const FunctionSpec& spec, const std::string& code_bucket, const std::string& code_key);
  Result<void> update_configuration(const std::string& name, boost::json::object configuration);
  Result<void> update_code(const std::string& name, const std::string& code_bucket, const std::string& code_key);
  Result<void> delete_function(const std::string& name);
  // Retries and their like; nothing when they are as for every function.
  Result<std::optional<boost::json::object>> event_invoke(const std::string& name);
  Result<void> put_event_invoke(const std::string& name, const Node& settings);
  Result<void> restore_event_invoke(const std::string& name, const std::optional<boost::json::object>& settings);
  Result<std::vector<Permission>> permissions(const std::string& name);
  Result<void> set_permission(const std::string& name, const Permission& permission);
  Result<void> remove_permission(const std::string& name, const std::string& statement_id);

  // API Gateway (services_api.cc).
  Result<bool> api_exists(const std::string& id);
  Result<std::string> create_api(const ApiSpec& spec);
  Result<void> update_api(const std::string& id, const ApiSpec& spec);
  // The API as it is: name, CORS, its first stage, routes to functions.
  Result<ApiSpec> read_api(const std::string& id);
  Result<void> sync_routes(const std::string& id, const ApiSpec& spec);
  Result<void> delete_api(const std::string& id);

  // The caller's account (STS).
  Result<std::string> account();

 private:
  Result<boost::json::object> json_call(const std::string& method, const std::string& service, const std::string& path,
                                        const boost::json::object* body, std::string_view what);
  Result<void> sync_stage(const std::string& id, const ApiSpec& spec);
  Result<void> put_xml(const std::string& bucket, const std::string& sub, const std::string& xml);

  Remote& remote_;
};

// What the wire's CreateFunction and UpdateFunctionConfiguration take for a function. kInvalid on a number that is
// none.
Result<boost::json::object> function_settings(const FunctionSpec& spec);

}  // namespace gust::cli
