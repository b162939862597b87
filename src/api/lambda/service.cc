#include "api/lambda/service.h"

#include "api/lambda/shared.h"

namespace gust::api {

static wire::ServiceSettings settings() {
  wire::ServiceSettings out;
  out.max_body_bytes = 70 << 20;  // a zip of 50 MiB as base64 in JSON
  out.map_error = map_lambda_error;
  out.map_violations = map_lambda_violations;
  out.malformed_code = "SerializationException";
  return out;
}

LambdaService::LambdaService(functions::Registry& registry, functions::Invoker& invoker,
                             functions::AsyncInvoker& async_invoker, CodeSource& code,
                             std::function<std::string(const functions::FunctionRef&)> code_location)
    : registry_(registry),
      invoker_(invoker),
      async_invoker_(async_invoker),
      code_(code),
      code_location_(std::move(code_location)),
      service_(lambda::model(), settings()) {
  add_function_operations();
  add_invoke_operation();
  add_policy_operations();
  add_event_invoke_operations();
  add_version_operations();
  add_concurrency_operations();
  add_tag_operations();
}

}  // namespace gust::api
