// FunctionUrls: answers requests to function URLs: who may, CORS, the event, the function, its answer whole or as it is
// written. Keeps no state of its own. Loop thread only.
// https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
#pragma once

#include "base/context.h"
#include "env/clock.h"
#include "gateway/integration.h"
#include "gateway/types.h"
#include "http/message.h"

#include <boost/asio/awaitable.hpp>

#include <memory>
#include <optional>
#include <string>

namespace gust::gateway {

struct FunctionUrl {
  std::string id;
  AccountId account;
  std::string region;
  std::string function;  // its ARN, with the alias
  enum class Auth { kIam, kNone } auth = Auth::kIam;
  enum class Mode { kBuffered, kStream } mode = Mode::kBuffered;
  std::optional<Cors> cors;
};

// An answer that is still being written. `body` fails when the function fails on the way.
struct StreamedReply {
  Outcome outcome = Outcome::kAnswered;  // kFailed: nothing was written before the function failed
  std::string content_type;
  std::unique_ptr<async::ByteSource> body;
};

// How function URLs reach functions and keys; implemented where these are known.
class UrlTarget {
 public:
  virtual ~UrlTarget() = default;
  virtual async::Task<FunctionUrl> find(std::string id) = 0;  // kNotFound
  // Who signed the request, whose body then checks itself; anonymous when nobody did. An error: the signature is wrong.
  virtual async::Task<Principal> authenticate(RequestContext context, http::Request& request) = 0;
  // Whether `who`, who may be anonymous, may use it.
  virtual async::Task<bool> allows(const FunctionUrl& url, Principal who) = 0;
  // As Integration::invoke, less the policy.
  virtual async::Task<IntegrationReply> invoke(RequestContext context, std::string function_arn, std::string event) = 0;
  virtual async::Task<StreamedReply> stream(RequestContext context, std::string function_arn, std::string event) = 0;
};

class FunctionUrls {
 public:
  static constexpr std::size_t kMaxBodyBytes = 6 << 20;

  FunctionUrls(UrlTarget& target, const env::Clock& clock) : target_(target), clock_(clock) {}

  // Answers every request; a failure is a response. `path` is still encoded; `domain_name` is without a port.
  boost::asio::awaitable<http::Response> handle(RequestContext context, http::Request request, std::string id,
                                                std::string path, std::string domain_name);

 private:
  async::Task<http::Response> answer(RequestContext context, http::Request& request, const FunctionUrl& url,
                                     std::string path, std::string domain_name);
  async::Task<http::Response> call(RequestContext context, const FunctionUrl& url, std::string event);
  async::Task<http::Response> call_streaming(RequestContext context, const FunctionUrl& url, std::string event);

  UrlTarget& target_;
  const env::Clock& clock_;
};

}  // namespace gust::gateway
