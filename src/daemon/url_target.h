// FunctionUrlTarget: function URLs into functions, with the keys that sign for them. Loop thread only.
#pragma once

#include "auth/authenticator.h"
#include "functions/invoker.h"
#include "functions/registry.h"
#include "functions/urls.h"
#include "gateway/function_url.h"

namespace gust::daemon {

class FunctionUrlTarget final : public gateway::UrlTarget {
 public:
  FunctionUrlTarget(functions::Registry& registry, functions::Urls& urls, functions::Invoker& invoker,
                    auth::Authenticator& authenticator)
      : registry_(registry), urls_(urls), invoker_(invoker), authenticator_(authenticator) {}

  async::Task<gateway::FunctionUrl> find(std::string id) override;
  async::Task<Principal> authenticate(RequestContext context, http::Request& request) override;
  async::Task<bool> allows(const gateway::FunctionUrl& url, Principal who) override;
  async::Task<gateway::IntegrationReply> invoke(RequestContext context, std::string function_arn,
                                                std::string event) override;
  async::Task<gateway::StreamedReply> stream(RequestContext context, std::string function_arn,
                                             std::string event) override;

 private:
  functions::Registry& registry_;
  functions::Urls& urls_;
  functions::Invoker& invoker_;
  auth::Authenticator& authenticator_;
};

}  // namespace gust::daemon
