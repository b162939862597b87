// LambdaService: the Lambda API over the registry and the invokers. Loop thread only.
#pragma once

#include "event_sources/mappings.h"
#include "event_sources/pollers.h"
#include "functions/async_invoker.h"
#include "functions/images.h"
#include "functions/invoker.h"
#include "functions/layers.h"
#include "functions/registry.h"
#include "functions/urls.h"
#include "wire/service.h"

#include <functional>
#include <string>

namespace gust::api {

// Function packages kept in buckets; implemented where objects are known.
class CodeSource {
 public:
  virtual ~CodeSource() = default;
  // The whole object, as the caller may read it; kTooLarge past `limit`.
  virtual async::Task<std::string> read(RequestContext context, std::string bucket, std::string key,
                                        std::size_t limit) = 0;
};

class LambdaService {
 public:
  // All outlive the service. The links make addresses where a package can be fetched for ten minutes.
  struct Parts {
    functions::Registry& registry;
    functions::Layers& layers;
    functions::Images& images;
    functions::Invoker& invoker;
    functions::AsyncInvoker& async_invoker;
    CodeSource& code;
    functions::RecordStore& records;
    std::function<std::string(const functions::FunctionRef&)> code_link;
    std::function<std::string(const functions::LayerKey&)> layer_link;
    functions::Urls& urls;
    std::function<std::string(const std::string&)> url_address;  // of a function URL, by its id
    event_sources::Mappings& mappings;
    event_sources::Pollers& pollers;
  };
  explicit LambdaService(Parts parts);

  wire::Service& wire() { return service_; }

 private:
  void add_function_operations();
  void add_invoke_operation();
  void add_response_stream_operation();
  void add_policy_operations();
  void add_event_invoke_operations();
  void add_version_operations();
  void add_concurrency_operations();
  void add_provisioned_operations();
  void add_runtime_management_operations();
  void add_tag_operations();
  void add_layer_operations();
  void add_url_operations();
  void add_event_source_operations();

  functions::Registry& registry_;
  functions::Layers& layers_;
  functions::Images& images_;
  functions::Invoker& invoker_;
  functions::AsyncInvoker& async_invoker_;
  CodeSource& code_;
  functions::RecordStore& records_;
  std::function<std::string(const functions::FunctionRef&)> code_link_;
  std::function<std::string(const functions::LayerKey&)> layer_link_;
  functions::Urls& urls_;
  std::function<std::string(const std::string&)> url_address_;
  event_sources::Mappings& mappings_;
  event_sources::Pollers& pollers_;
  wire::Service service_;
};

}  // namespace gust::api
