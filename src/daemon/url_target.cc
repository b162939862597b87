#include "daemon/url_target.h"

namespace gust::daemon {
namespace {

constexpr std::size_t kMaxEvent = 16 << 20;  // 6 MiB of body as base64, and the rest of the event

// The function's bytes; a failure on the way is an error, so that the client sees a short answer, not a whole one.
class Streamed final : public async::ByteSource {
 public:
  explicit Streamed(std::shared_ptr<functions::ResponseStream> stream)
      : stream_(std::move(stream)), payload_(async::Pipe::reader(stream_->pipe)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    GUST_CO_TRY(const auto n, co_await payload_->read(out));
    if (n == 0 && !stream_->result->function_error.empty())
      co_return fail(Code::kUnavailable, "the function failed: " + stream_->result->error_type, "function");
    co_return n;
  }

 private:
  std::shared_ptr<functions::ResponseStream> stream_;
  std::unique_ptr<async::ByteSource> payload_;
};

gateway::Cors to_gateway(const functions::UrlCors& cors) {
  return {cors.allow_credentials, cors.allow_headers,  cors.allow_methods,
          cors.allow_origins,     cors.expose_headers, cors.max_age_s};
}

Result<functions::FunctionRef> ref_of(const std::string& arn) {
  return functions::parse_function_name(arn, "", AccountId(std::string(kDefaultAccount)));
}

functions::Invocation with(std::string event) {
  functions::Invocation invocation;
  invocation.payload = std::move(event);
  invocation.max_payload_bytes = kMaxEvent;
  return invocation;
}

}  // namespace

async::Task<gateway::FunctionUrl> FunctionUrlTarget::find(std::string id) {
  GUST_CO_TRY(const auto url, co_await urls_.find(std::move(id)));
  gateway::FunctionUrl out;
  out.id = url.id;
  out.account = url.ref.key.account;
  out.region = kDefaultRegion;
  out.function = url.ref.arn(kDefaultRegion);
  using Auth = gateway::FunctionUrl::Auth;
  using Mode = gateway::FunctionUrl::Mode;
  out.auth = url.auth == functions::Url::Auth::kIam ? Auth::kIam : Auth::kNone;
  out.mode = url.mode == functions::Url::Mode::kStream ? Mode::kStream : Mode::kBuffered;
  if (url.cors) out.cors = to_gateway(*url.cors);
  co_return out;
}

async::Task<Principal> FunctionUrlTarget::authenticate(RequestContext context, http::Request& request) {
  auto who = co_await authenticator_.authenticate(std::move(context), request, "lambda");
  if (!who) co_return fail(Code::kDenied, who.error().message, "signature");
  co_return *std::move(who);
}

async::Task<bool> FunctionUrlTarget::allows(const gateway::FunctionUrl& url, Principal who) {
  const bool own = !who.anonymous() && who.account == url.account;  // its own policies say yes (isolation.md)
  if (own) co_return true;
  GUST_CO_TRY(const auto ref, ref_of(url.function));
  const auto* type = url.auth == gateway::FunctionUrl::Auth::kNone ? "NONE" : "AWS_IAM";
  co_return co_await registry_.allows_url(ref, who.account.str(), type);
}

async::Task<gateway::IntegrationReply> FunctionUrlTarget::invoke(RequestContext context, std::string function_arn,
                                                                 std::string event) {
  GUST_CO_TRY(const auto ref, ref_of(function_arn));
  auto invocation = with(std::move(event));
  GUST_CO_TRY(auto result, co_await invoker_.invoke(std::move(context), ref, std::move(invocation)));
  const auto outcome = result.function_error.empty() ? gateway::Outcome::kAnswered : gateway::Outcome::kFailed;
  co_return gateway::IntegrationReply{std::move(result.payload), outcome};
}

async::Task<gateway::StreamedReply> FunctionUrlTarget::stream(RequestContext context, std::string function_arn,
                                                              std::string event) {
  GUST_CO_TRY(const auto ref, ref_of(function_arn));
  auto invocation = with(std::move(event));
  GUST_CO_TRY(auto stream, co_await invoker_.stream(std::move(context), ref, std::move(invocation)));
  gateway::StreamedReply reply;
  const bool failed = stream->result && !stream->result->function_error.empty() && !stream->result->streamed;
  if (failed) reply.outcome = gateway::Outcome::kFailed;
  reply.content_type = stream->content_type;
  reply.body = std::make_unique<Streamed>(std::move(stream));
  co_return reply;
}

}  // namespace gust::daemon
