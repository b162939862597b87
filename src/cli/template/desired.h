// Desired: what a template asks for, with every value known: the input of the planner. Plain data.
#pragma once

#include "cli/template/node.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace gust::cli {

struct CodeSource {
  enum class From { kFolder, kZip, kObject, kInline, kImage };
  From from = From::kFolder;
  std::string path;  // of a folder, a zip or an image that is to be pushed, absolute
  std::string bucket, key;
  std::string text;  // the code itself; of an image without a path its name
  int line = 0;
  enum class Build { kNone, kMakefile } build = Build::kNone;  // of a folder
};

struct Permission {
  std::string statement_id, action, principal, source_arn, source_account, url_auth_type;
  std::string qualifier;  // of an alias; empty: of the function itself
  bool operator==(const Permission&) const = default;
};

struct EventSourceSpec {
  std::string source_arn;
  Node settings;  // the wire's names: StartingPosition, BatchSize, ...
};

struct FunctionSpec {
  std::string logical_id, name;
  Node configuration;  // the wire's names: Runtime, Handler, Role, Timeout, MemorySize, Environment, Description, ...
  Node event_invoke;   // absent, or MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig
  Node url;            // absent, or AuthType, Cors, InvokeMode
  std::string alias;   // that each deploy points to a version of its own; or empty
  Node provisioned;    // absent, or how many instances of the alias stand ready
  Node reserved;       // absent, or its reserved concurrency
  // Absent, or what scales `provisioned`: MinCapacity, MaxCapacity, SuspendedState, ScheduledActions, Policies.
  Node scaling;
  CodeSource code;
  std::vector<Permission> permissions;
  std::vector<EventSourceSpec> event_sources;
  int line = 0;
};

struct LayerSpec {
  std::string logical_id, name;
  Node settings;  // the wire's names: Description, LicenseInfo, CompatibleRuntimes, CompatibleArchitectures
  CodeSource content;
  std::set<std::string> retained;  // as of a bucket
  int line = 0;
};

struct Notification {
  std::string id, function_arn;
  std::vector<std::string> events;
  std::vector<std::pair<std::string, std::string>> rules;  // prefix or suffix, value
};

struct BucketSpec {
  std::string logical_id, name;
  Node cors;     // absent, or CorsRules of the template
  Node website;  // absent, or the template's WebsiteConfiguration
  std::vector<Notification> notifications;
  std::string content_folder;                // absolute, or empty
  std::map<std::string, std::string> files;  // GustContent.Files
  std::set<std::string> retained;            // DeletionPolicy, UpdateReplacePolicy: whichever says Retain
  int line = 0;
};

struct TableSpec {
  std::string logical_id, name;
  Node settings;  // the wire's names of CreateTable, and TimeToLiveSpecification
  std::map<std::string, std::string> tags;
  std::set<std::string> retained;  // as of a bucket
  int line = 0;
};

struct RouteSpec {
  std::string key;  // "GET /photos", "$default"
  std::string function_arn;
  std::string payload_version = "2.0";
  std::string timeout_ms;
};

struct ApiSpec {
  std::string logical_id, name;
  Node cors;  // absent, or the wire's names: allowOrigins, ...
  std::string description;
  std::string stage = "$default";
  Node stage_variables;  // absent, or a map
  std::vector<RouteSpec> routes;
  int line = 0;
};

struct Desired {
  std::vector<BucketSpec> buckets;
  std::vector<ApiSpec> apis;
  std::vector<FunctionSpec> functions;
  std::vector<LayerSpec> layers;
  std::vector<TableSpec> tables;
  std::vector<std::pair<std::string, std::string>> accepted;  // logical id, type: taken note of, nothing to make
  std::vector<std::pair<std::string, std::string>> outputs;
  std::vector<std::string> notes;  // what is accepted and has no effect here, and why
};

}  // namespace gust::cli
