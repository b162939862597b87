// Gateway: answers requests to HTTP APIs: stage, CORS, route, function, response. Keeps no state of its own. Loop
// thread only.
#pragma once

#include "gateway/apis.h"
#include "gateway/integration.h"
#include "http/message.h"
#include "telemetry/span.h"

#include <boost/asio/awaitable.hpp>

#include <string>

namespace gust::gateway {

class Gateway {
 public:
  static constexpr std::size_t kMaxBodyBytes = 10 << 20;

  // All outlive this.
  Gateway(Apis& apis, Integration& integration, const env::Clock& clock,
          telemetry::Tracer& tracer = telemetry::no_tracer());

  // Answers every request; a failure is a response. `path` is still encoded, below the API ("/stage/photos/1"), and
  // `domain_name` the host as the client wrote it, or empty for {api}.execute-api.localhost.
  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, std::string api_id,
                                                std::string path, std::string domain_name);

 private:
  async::Task<http::Response> answer(RequestContext context, http::Request& request,
                                     std::shared_ptr<const ServedApi> served, std::string path,
                                     std::string domain_name);
  async::Task<http::Response> invoke(RequestContext context, const IntegrationRecord& integration, std::string event,
                                     std::string source_arn);

  Apis& apis_;
  Integration& integration_;
  const env::Clock& clock_;
  telemetry::Tracer& tracer_;
};

}  // namespace gust::gateway
