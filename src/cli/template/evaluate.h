// evaluate: a template and its surroundings in, the desired state out. Pure but for looking whether CodeUri exists: no
// network. Resources' names are known without making them; only an API's id is not, until it was made once.
#pragma once

#include "cli/template/desired.h"
#include "http/origin.h"

#include <functional>

namespace gust::cli {

struct Surroundings {
  std::string stack;
  std::string account = "000000000000";
  std::string region = "us-east-1";
  http::Origin endpoint{"127.0.0.1", 4566};
  std::map<std::string, std::string> parameters;  // given on the command line
  std::map<std::string, std::string> api_ids;     // logical id of an API -> its id, as far as known
  std::map<std::string, std::string> layers;      // logical id of a layer -> ARN of its version, as far as known
  std::map<std::string, std::string> streams;     // logical id of a table -> ARN of its stream, as far as known
  std::map<std::string, std::string> urls;        // logical id of a function -> its URL, as far as known
};

// `file` is the template's path: errors name it, relative paths are relative to its folder. kInvalid and kUnsupported
// errors say file, line and what to do.
Result<Desired> evaluate(const Node& root, const std::string& file, const Surroundings& around);

// The name of a resource that the template does not name: always the same for one stack and logical id.
std::string generated_function_name(const Surroundings& around, const std::string& logical_id);
std::string generated_bucket_name(const Surroundings& around, const std::string& logical_id);

// Stands for the id of an API that is not made yet.
std::string pending_api_id(const std::string& logical_id);
std::string pending_layer(const std::string& logical_id);
// Stands for the ARN of a table's stream that is not made yet.
std::string pending_stream(const std::string& logical_id);
// Stands for the URL of a function that is not made yet.
std::string pending_url(const std::string& logical_id);

}  // namespace gust::cli
