// Services: the calls of S3, Lambda, DynamoDB and API Gateway that a deploy makes, each to a wanted state and safe to
// repeat. Blocking. Errors carry the service's code as their source.
#pragma once

#include "cli/deploy/package.h"
#include "cli/deploy/tables.h"
#include "cli/remote.h"
#include "cli/template/desired.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <map>
#include <optional>
#include <set>

namespace gust::cli {

// One thing of a function that is read, written and removed for itself.
struct Setting {
  std::string what;  // "the retries of f"
  std::string read_path, write_path;
  std::string create_path;  // by POST where there is none; empty: written in any case
  // What of the answer goes into a request that puts it back, and under which name.
  std::vector<std::pair<std::string_view, std::string_view>> members;
  boost::json::object only_new;  // what only a request that makes it has
};
Setting retries_of(const std::string& function, const std::string& alias);
Setting reserved_of(const std::string& function);
Setting provisioned_of(const std::string& function, const std::string& alias);
Setting url_of(const std::string& function, const std::string& alias);
Setting alias_of(const std::string& function, const std::string& alias);
// The values that a template says; nothing where it says none. kInvalid on a number that is none.
Result<std::optional<boost::json::object>> retries_value(const Node& settings);
Result<std::optional<boost::json::object>> count_value(const char* member, const Node& count);
Result<std::optional<boost::json::object>> url_value(const Node& url);
// target, actions and policies as write_scaling() takes them.
Result<std::optional<boost::json::object>> scaling_value(const Node& scaling);

Result<boost::json::object> event_source_value(const EventSourceSpec& source);

// Of a permission in a stack's record: its statement's id, with its alias before it: "live:ApiPermission".
std::string recorded_id(const Permission& permission);

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

  // Lambda (services_lambda.cc). `code_bucket` and `code_key` name the zip; without a bucket the key names an image.
  Result<std::optional<boost::json::object>> function_configuration(const std::string& name);
  Result<void> create_function(const FunctionSpec& spec, const std::string& code_bucket, const std::string& code_key);
  Result<void> update_configuration(const std::string& name, boost::json::object configuration);
  Result<void> update_code(const std::string& name, const std::string& code_bucket, const std::string& code_key);
  // The image that a function is of, by its digest; empty for one of a zip.
  Result<std::string> image_of(const std::string& name);
  Result<void> remove_image(const std::string& name);
  Result<void> delete_function(const std::string& name);
  Result<std::vector<Permission>> permissions(const std::string& name, const std::string& qualifier);
  Result<void> set_permission(const std::string& name, const Permission& permission);
  // `id` as recorded_id() gives it.
  Result<void> remove_permission(const std::string& name, const std::string& id);

  // What is kept beside a function (services_settings.cc): nothing where it is as for every function.
  Result<std::optional<boost::json::object>> read(const Setting& setting);
  // Makes, changes, or without a value removes it. What the service answers.
  Result<boost::json::object> write(const Setting& setting, const std::optional<boost::json::object>& value);
  // What scales an alias's provisioned concurrency (services_scaling.cc); nothing where nothing does.
  Result<std::optional<boost::json::object>> read_scaling(const std::string& function, const std::string& alias);
  Result<void> write_scaling(const std::string& function, const std::string& alias,
                             const std::optional<boost::json::object>& value);
  // The mapping of a function, or of its alias, and a source (event_sources.cc); nothing where there is none, or to
  // remove it.
  Result<std::optional<boost::json::object>> read_event_source(const std::string& function, const std::string& alias,
                                                               const std::string& source_arn);
  Result<void> write_event_source(const std::string& function, const std::string& alias, const std::string& source_arn,
                                  const std::optional<boost::json::object>& value);
  // The ARN of the layer's new version.
  Result<std::string> publish_layer(const LayerSpec& spec, const std::string& code_bucket, const std::string& code_key);
  Result<bool> layer_exists(const std::string& arn);
  Result<void> delete_layer(const std::string& arn);
  // The version that has what the function is now; returns when it can be invoked.
  Result<std::string> publish(const std::string& name, const Progress& progress);

  // API Gateway (services_api.cc).
  Result<bool> api_exists(const std::string& id);
  Result<std::string> create_api(const ApiSpec& spec);
  Result<void> update_api(const std::string& id, const ApiSpec& spec);
  // The API as it is: name, CORS, its first stage, routes to functions.
  Result<ApiSpec> read_api(const std::string& id);
  Result<void> sync_routes(const std::string& id, const ApiSpec& spec);
  Result<void> delete_api(const std::string& id);

  // DynamoDB (services_tables.cc). Those that change a table return when it and its indexes are ACTIVE.
  Result<std::optional<TableState>> read_table(const std::string& name);
  Result<void> create_table(const TableState& wanted, const Progress& progress);
  Result<void> update_table(const TableState& was, const TableState& wanted, const Progress& progress);
  Result<void> delete_table(const std::string& name);  // kPrecondition "protected"

  // The caller's account (STS).
  Result<std::string> account();

 private:
  enum class TimeToLive { kOff, kOn };
  Result<boost::json::object> table_call(std::string_view operation, const boost::json::object& body,
                                         std::string_view what);
  Result<void> wait_for_table(const std::string& name, const Progress& progress);
  Result<void> set_recovery(const std::string& table, const std::optional<TableState::Recovery>& wanted);
  Result<void> set_time_to_live(const std::string& table, const std::string& attribute, TimeToLive wanted);
  Result<boost::json::object> json_call(const std::string& method, const std::string& service, const std::string& path,
                                        const boost::json::object* body, std::string_view what);
  Result<boost::json::object> scaling_call(std::string_view operation, const boost::json::object& body,
                                           std::string_view what);
  Result<boost::json::array> scaling_list(std::string_view operation, std::string_view member,
                                          boost::json::object body);
  Result<void> sync_scaling(const boost::json::object& id, std::string_view kind, std::string_view name,
                            const boost::json::array& was, const boost::json::array& wanted);
  Result<void> sync_stage(const std::string& id, const ApiSpec& spec);
  Result<void> put_xml(const std::string& bucket, const std::string& sub, const std::string& xml);

  Remote& remote_;
};

// What the wire's CreateFunction and UpdateFunctionConfiguration take for a function. kInvalid on a number that is
// none.
Result<boost::json::object> function_settings(const FunctionSpec& spec);

}  // namespace gust::cli
