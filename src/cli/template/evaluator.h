// Evaluator: the state that the parts of evaluate() share: the transformed template, names and attributes of
// resources. Inside this folder only.
#pragma once

#include "cli/template/evaluate.h"
#include "cli/template/resolver.h"

#include <initializer_list>
#include <memory>
#include <set>
#include <string_view>

namespace gust::cli {

inline constexpr std::string_view kImplicitApi = "ServerlessHttpApi";

class Evaluator {
 public:
  Evaluator(const Node& root, std::string file, const Surroundings& around);

  Result<Desired> run();

 private:
  struct Event {
    const Node* node;
    std::string name;
    FunctionSpec* function;
  };

  // Names and attributes (names.cc).
  Result<std::string> attribute(const std::string& logical_id, const std::string& name);
  Result<std::string> name_of(const std::string& logical_id, const Node& resource);
  Result<std::string> api_attribute(const std::string& logical_id, const std::string& name);
  Result<std::string> bucket_attribute(const std::string& bucket, const std::string& name);
  Result<std::string> auto_alias(const Node& function);
  Result<std::string> url_attribute(const std::string& function, const Node& node, const std::string& name);
  Result<std::string> table_attribute(const std::string& logical_id, const Node& node, const std::string& name);
  std::string target_arn(const FunctionSpec& spec) const;  // the alias where it has one: what events invoke
  std::string site_url(const std::string& bucket) const;
  std::string function_arn(const std::string& name) const;
  std::string role_arn(const std::string& name) const;
  bool has_implicit_api() const;

  // Resources (resources.cc).
  Result<void> resource(const std::string& logical_id, const Node& node);
  Result<void> dependent(const std::string& logical_id, const Node& node);
  Result<void> bucket(const std::string& logical_id, const Node& node);
  Result<void> content(BucketSpec& spec, const Node& metadata);
  Result<void> bucket_notifications(BucketSpec& spec, const Node& configuration);
  Result<void> event_invoke(const std::string& logical_id, const Node& node);
  Result<void> permission(const std::string& logical_id, const Node& node);
  Result<void> outputs();

  // Tables (tables.cc): plain ones, and those of SAM.
  Result<void> table(const std::string& logical_id, const Node& node);
  Result<void> simple_table(const std::string& logical_id, const Node& node);
  Result<void> check_table(const TableSpec& table);
  Result<TableSpec> common_table(const std::string& logical_id, const Node& node);

  // APIs (apis.cc): of SAM, and the plain ones of CloudFormation.
  Result<void> api(const std::string& logical_id, const Node& node);
  Result<void> plain_api(const std::string& logical_id, const Node& node);
  Result<void> plain_stage(const std::string& logical_id, const Node& node);
  Result<void> plain_route(const std::string& logical_id, const Node& node);
  Result<ApiSpec> common_api(const std::string& logical_id, const Node& node, const Node& properties);
  Result<void> stage_settings(ApiSpec& spec, const Node& properties);
  Result<Node> cors_settings(const Node& raw);
  Result<void> add_route(ApiSpec& api, RouteSpec route, int line);
  Result<ApiSpec*> api_of(const std::string& logical_id, const Node& target, int line);
  std::unexpected<Error> no_authorizer(const std::string& what, int line) const;
  std::string localized(std::string text) const;
  void localize();

  // Functions (functions.cc).
  Result<void> serverless_function(const std::string& logical_id, const Node& node);
  Result<void> lambda_function(const std::string& logical_id, const Node& node);
  Result<void> configuration(FunctionSpec& spec, const Node& properties);
  Result<void> serverless_code(FunctionSpec& spec, const Node& properties);
  Result<void> layer(const std::string& logical_id, const Node& node);
  Result<void> serverless_capacity(FunctionSpec& spec, const Node& properties);
  Result<void> concurrency(FunctionSpec& spec, const Node& properties);
  Result<void> serverless_alias(FunctionSpec& spec, const Node& properties);
  Result<void> serverless_url(FunctionSpec& spec, const Node& properties);
  Result<void> local_code(CodeSource& code, const std::string& of, const std::string& path, int line);
  Result<void> lambda_code(FunctionSpec& spec, const Node& properties);
  // images.cc
  Result<bool> is_image(const std::string& logical_id, const Node& properties);
  Result<void> image_uri(CodeSource& code, const std::string& of, const Node& raw);
  Result<void> code_uri(CodeSource& code, const std::string& of, const Node& raw);
  Result<void> build_method(CodeSource& code, const std::string& of, const Node& node,
                            std::initializer_list<std::string_view> runtimes) const;
  Result<Node> with_globals(const Node& properties, std::string_view section) const;

  // What scales their provisioned concurrency (scaling.cc).
  Result<void> scalable_target(const std::string& logical_id, const Node& node);
  Result<void> scaling_policy(const std::string& logical_id, const Node& node);
  Result<FunctionSpec*> scaled_function(const std::string& logical_id, const Node& properties, int line);
  Result<std::string> scalable_target_id(const Node& resource);
  Result<void> check_scaling();

  // Events of functions (events.cc); run after all resources are known.
  Result<void> event(const std::string& function_id, const std::string& name, const Node& node);
  Result<void> s3_event(const std::string& function_id, const std::string& name, const Node& properties);
  Result<void> stream_event(const std::string& function_id, const std::string& name, const Node& properties);
  Result<void> event_source(const std::string& logical_id, const Node& node);
  Result<void> add_event_source(FunctionSpec& function, const std::string& what, const Node& source,
                                const Node& properties);
  Result<void> http_api_event(const std::string& function_id, const std::string& name, const Node& properties);

  // Fails unless every field of `node` is one of `known` (or, with a note, of `ignored`).
  Result<void> only(const std::string& logical_id, const Node& node, std::vector<std::string_view> known,
                    std::vector<std::string_view> ignored);
  Result<const Node*> properties_of(const Node& resource);
  FunctionSpec* find_function(std::string_view logical_id);
  BucketSpec* find_bucket(std::string_view logical_id);
  ApiSpec* find_api(std::string_view logical_id);
  void note(std::string text);

  const Node& root_;
  std::string file_;
  const Surroundings& around_;
  std::unique_ptr<Resolver> resolver_;
  std::map<std::string, std::string> names_;
  std::set<std::string> naming_;
  std::map<std::string, std::string> staged_;  // API -> its stage, of plain ones
  Desired out_;
};

inline bool is_layer(std::string_view type) {
  return type == "AWS::Serverless::LayerVersion" || type == "AWS::Lambda::LayerVersion";
}

inline bool is_log_group(std::string_view type) { return type == "AWS::Logs::LogGroup"; }

inline bool is_table(std::string_view type) {
  return type == "AWS::DynamoDB::Table" || type == "AWS::Serverless::SimpleTable";
}

// {"Ref": X} -> X; empty when the node is not a Ref.
std::string referred(const Node& node);

}  // namespace gust::cli
