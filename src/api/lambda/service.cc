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

LambdaService::LambdaService(Parts parts)
    : registry_(parts.registry),
      layers_(parts.layers),
      images_(parts.images),
      invoker_(parts.invoker),
      async_invoker_(parts.async_invoker),
      code_(parts.code),
      records_(parts.records),
      code_link_(std::move(parts.code_link)),
      layer_link_(std::move(parts.layer_link)),
      urls_(parts.urls),
      url_address_(std::move(parts.url_address)),
      mappings_(parts.mappings),
      pollers_(parts.pollers),
      service_(lambda::model(), settings()) {
  add_function_operations();
  add_invoke_operation();
  add_response_stream_operation();
  add_policy_operations();
  add_event_invoke_operations();
  add_version_operations();
  add_concurrency_operations();
  add_provisioned_operations();
  add_runtime_management_operations();
  add_tag_operations();
  add_layer_operations();
  add_url_operations();
  add_event_source_operations();
}

}  // namespace gust::api
