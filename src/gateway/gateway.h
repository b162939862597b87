// Gateway: answers requests to HTTP APIs: stage, CORS, route, function, response. Keeps no state of its own. Loop
// thread only.
#pragma once

#include "gateway/apis.h"
#include "gateway/integration.h"
#include "http/message.h"
#include "telemetry/span.h"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace gust::gateway {

// An answered request to an API that there is.
struct Answered {
  AccountId account;          // whose the API is
  std::string api_id, stage;  // no stage: none fits
  int status = 0;
  double latency_ms = 0;
  double integration_ms = -1;  // of its function; less than 0: it was not called
  std::uint64_t bytes = 0;     // of both bodies
};

class Gateway {
 public:
  static constexpr std::size_t kMaxBodyBytes = 10 << 20;

  // All outlive this.
  Gateway(Apis& apis, Integration& integration, const env::Clock& clock,
          telemetry::Tracer& tracer = telemetry::no_tracer());

  // Hears of every request to an API that there is.
  void on_answered(std::function<void(const Answered&)> hear) { on_answered_ = std::move(hear); }

  // Answers every request; a failure is a response. `path` is still encoded, below the API ("/stage/photos/1"), and
  // `domain_name` the host as the client wrote it, or empty for {api}.execute-api.localhost.
  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, std::string api_id,
                                                std::string path, std::string domain_name);

 private:
  double milliseconds_since(SteadyTime began) const;
  async::Task<http::Response> answer(RequestContext context, http::Request& request,
                                     std::shared_ptr<const ServedApi> served, std::string path,
                                     std::string domain_name, Answered& answered);
  async::Task<http::Response> invoke(RequestContext context, const IntegrationRecord& integration, std::string event,
                                     std::string source_arn, Answered& answered);

  Apis& apis_;
  Integration& integration_;
  const env::Clock& clock_;
  telemetry::Tracer& tracer_;
  std::function<void(const Answered&)> on_answered_;
};

}  // namespace gust::gateway
