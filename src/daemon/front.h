// Front: every request that comes in, to the service that it is for, with its signature checked. Loop thread only.
#pragma once

#include "api/endpoint.h"
#include "auth/authenticator.h"
#include "daemon/front_spans.h"
#include "daemon/served.h"
#include "http/message.h"
#include "wire/service.h"

#include <functional>
#include <map>
#include <optional>
#include <string>

namespace gust::api {
class S3Service;
}

namespace gust::daemon {

class Front {
 public:
  using Open = std::function<boost::asio::awaitable<http::Response>(RequestContext, http::Request, api::Destination)>;

  Front(auth::Authenticator& authenticator, api::S3Service& s3, telemetry::Tracer& tracer)
      : authenticator_(authenticator), s3_(s3), spans_(tracer) {}

  void add_signed(api::ServiceKind kind, std::string scope, wire::Service& service) {
    signed_[kind] = {std::move(scope), &service};
  }
  // Answered without a signature: health, HTTP APIs, sites, code by its token.
  void add_open(api::ServiceKind kind, Open open) { open_[kind] = std::move(open); }
  // Signed for "gust".
  void set_admin(Open admin) { admin_ = std::move(admin); }
  // Open to this machine, and signed by the root account's keys for others (docs/decisions/0220).
  void set_metrics(Open metrics) { metrics_ = std::move(metrics); }

  // Hears of every answered request for objects, tables, HTTP APIs and sites.
  void set_served(std::function<void(const Served&)> served) { served_ = std::move(served); }

  // From outside.
  async::Task<http::Response> handle(RequestContext context, http::Request request);
  // From inside a sandbox: the services, not the administration.
  async::Task<http::Response> handle_inside(RequestContext context, http::Request request);
  // Of a sender that is known already, as context.principal says: the signed services by their scope, and the
  // administration by request.path.
  boost::asio::awaitable<http::Response> serve_known(RequestContext context, http::Request request,
                                                     std::string service);
  boost::asio::awaitable<http::Response> administer(RequestContext context, http::Request request);

 private:
  struct Signed {
    std::string scope;
    wire::Service* service = nullptr;
  };
  boost::asio::awaitable<http::Response> trace(RequestContext context, http::Request request, api::Destination to);
  boost::asio::awaitable<http::Response> dispatch(RequestContext context, http::Request request, api::Destination to);
  async::Task<Principal> authenticate(RequestContext context, http::Request& request, std::string scope);
  // A request that somebody wants to hear of: what is known of it at its begin, and what comes to be known.
  struct Noted {
    Served served;
    SteadyTime began;
    std::shared_ptr<RequestNote> note;
  };
  std::optional<Noted> note(const RequestContext& context, const http::Request& request,
                            const api::Destination& to) const;
  void tell(std::optional<Noted>& noted, const AccountId& account, const http::Response& response) const;
  boost::asio::awaitable<http::Response> serve_signed(RequestContext context, http::Request request,
                                                      api::Destination to);
  boost::asio::awaitable<http::Response> serve_tables(RequestContext context, http::Request request,
                                                      api::Destination to);
  boost::asio::awaitable<http::Response> serve_admin(RequestContext context, http::Request request,
                                                     api::Destination to);
  boost::asio::awaitable<http::Response> serve_metrics(RequestContext context, http::Request request,
                                                       api::Destination to);

  auth::Authenticator& authenticator_;
  api::S3Service& s3_;
  FrontSpans spans_;
  std::map<api::ServiceKind, Signed> signed_;
  std::map<api::ServiceKind, Open> open_;
  Open admin_, metrics_;
  std::function<void(const Served&)> served_;
};

// {"error": message} with a status, as the administration answers.
http::Response admin_error(int status, const std::string& message);

}  // namespace gust::daemon
