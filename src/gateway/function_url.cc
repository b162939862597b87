#include "gateway/function_url.h"

#include "base/log.h"
#include "codec/json.h"
#include "gateway/cors.h"
#include "gateway/event.h"
#include "gateway/reply.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace gust::gateway {
namespace {

namespace json = boost::json;

// What parts the head of a streamed response from its body: the content type that says there is one, and its end.
constexpr std::string_view kWithHead = "application/vnd.awslambda.http-integration-response";
constexpr std::string_view kHeadEnd("\0\0\0\0\0\0\0\0", 8);
constexpr std::size_t kMaxHead = 64 << 10;

http::Response refusal(int status, std::string_view type, std::string_view message) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.headers.add("x-amzn-ErrorType", std::string(type));
  response.body = codec::to_json(json::object{{"Message", message}});
  return response;
}

http::Response forbidden() {
  return refusal(403, "AccessDeniedException",
                 "Forbidden. For troubleshooting Function URL authorization issues, see: "
                 "https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html");
}

http::Response of_error(const Error& error) {
  switch (error.code) {
    case Code::kNotFound: return refusal(404, "ResourceNotFoundException", "Not Found");
    case Code::kDenied:
    case Code::kUnauthenticated: return forbidden();
    case Code::kInvalid: return refusal(400, "BadRequestException", "Bad Request");
    case Code::kTooLarge: return refusal(413, "RequestEntityTooLargeException", "Request Too Long");
    case Code::kThrottled: return refusal(429, "TooManyRequestsException", "Rate Exceeded.");
    case Code::kUnavailable: return refusal(503, "ServiceUnavailableException", "Service Unavailable");
    default: return refusal(500, "InternalServerErrorException", "Internal Server Error");
  }
}

http::Response bad_gateway() {
  http::Response response;
  response.status = 502;
  response.headers.add("Content-Type", "application/json");
  response.body = "Internal Server Error";
  return response;
}

// What was read ahead, then the rest.
class Resumed final : public async::ByteSource {
 public:
  Resumed(std::string begin, std::unique_ptr<async::ByteSource> rest)
      : begin_(std::move(begin)), rest_(std::move(rest)) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    if (begin_.empty()) co_return co_await rest_->read(out);
    const auto n = std::min(out.size(), begin_.size());
    std::memcpy(out.data(), begin_.data(), n);
    begin_.erase(0, n);
    co_return n;
  }

 private:
  std::string begin_;
  std::unique_ptr<async::ByteSource> rest_;
};

// The head that the function wrote before its body; kInvalid without an end or past kMaxHead.
async::Task<http::Response> read_head(std::unique_ptr<async::ByteSource> body) {
  std::string read, room(16 << 10, '\0');
  auto end = std::string::npos;
  while (end == std::string::npos) {
    if (read.size() > kMaxHead) co_return fail(Code::kInvalid, "the head of the response is over 64 KiB", "response");
    const auto bytes = std::as_writable_bytes(std::span(room));
    GUST_CO_TRY(const auto n, co_await body->read(bytes));
    if (n == 0) co_return fail(Code::kInvalid, "the head of the response has no end", "response");
    read.append(room, 0, n);
    end = read.find(kHeadEnd);
  }
  GUST_CO_TRY(auto response, response_head(std::string_view(read).substr(0, end)));
  response.stream = std::make_unique<Resumed>(read.substr(end + kHeadEnd.size()), std::move(body));
  co_return response;
}

}  // namespace

boost::asio::awaitable<http::Response> FunctionUrls::handle(RequestContext context, http::Request request,
                                                            std::string id, std::string path,
                                                            std::string domain_name) {
  const auto request_id = context.request_id.str();
  const auto trace_id = context.trace.xray();
  const bool is_head = request.method == "HEAD";
  const std::string origin(request.headers.get_or("origin", ""));
  http::Response response;
  const auto url = co_await target_.find(std::move(id));
  if (!url) {
    response = of_error(url.error());
  } else if (url->cors && is_preflight(request)) {
    response = answer_preflight(*url->cors, request);
  } else {
    auto answered = co_await answer(std::move(context), request, *url, std::move(path), std::move(domain_name));
    if (!answered) GUST_INFO("function URL: request_id={}: {}", request_id, answered.error().message);
    response = answered ? std::move(*answered) : of_error(answered.error());
    if (url->cors) apply_cors(*url->cors, origin, response);
  }
  response.headers.set("x-amzn-RequestId", request_id);
  response.headers.set("x-amzn-trace-id", trace_id);
  if (is_head && !response.stream) {
    response.content_length = response.body.size();
    response.body.clear();
  }
  co_return response;
}

async::Task<http::Response> FunctionUrls::answer(RequestContext context, http::Request& request, const FunctionUrl& url,
                                                 std::string path, std::string domain_name) {
  if (context.note) context.note->account = url.account;
  Principal who;
  if (url.auth == FunctionUrl::Auth::kIam) {
    GUST_CO_TRY(who, co_await target_.authenticate(context, request));
    if (who.anonymous()) co_return forbidden();
  }
  GUST_CO_TRY(const bool allowed, co_await target_.allows(url, who));
  if (!allowed) co_return forbidden();
  if (request.content_length.value_or(0) > kMaxBodyBytes)
    co_return fail(Code::kTooLarge, "the body is over 6 MiB", "body");
  GUST_CO_TRY(const auto body, co_await async::read_all(*request.body, kMaxBodyBytes));

  ApiRecord api;
  api.id = url.id;
  api.account = url.auth == FunctionUrl::Auth::kIam ? url.account : AccountId("anonymous");
  StageRecord stage;
  stage.id = kDefaultStage;
  RouteRecord route;
  route.key = kDefaultRouteKey;
  const Strings no_parameters;
  const EventInput input{.context = context,
                         .request = request,
                         .body = body,
                         .api = api,
                         .stage = stage,
                         .route = route,
                         .parameters = no_parameters,
                         .path = std::move(path),
                         .domain_name = std::move(domain_name),
                         .now = clock_.now(),
                         .signer = who.anonymous() ? nullptr : &who};
  GUST_CO_TRY(auto event, event_v2(input));
  if (url.mode == FunctionUrl::Mode::kStream)
    co_return co_await call_streaming(std::move(context), url, std::move(event));
  co_return co_await call(std::move(context), url, std::move(event));
}

async::Task<http::Response> FunctionUrls::call(RequestContext context, const FunctionUrl& url, std::string event) {
  const auto request_id = context.request_id;
  GUST_CO_TRY(const auto reply, co_await target_.invoke(std::move(context), url.function, std::move(event)));
  if (reply.outcome == Outcome::kFailed) co_return bad_gateway();
  auto response = response_v2(reply.payload);
  if (response) co_return std::move(*response);
  GUST_WARN("function URL: request_id={} function={}: {}", request_id, url.function, response.error().message);
  co_return bad_gateway();
}

async::Task<http::Response> FunctionUrls::call_streaming(RequestContext context, const FunctionUrl& url,
                                                         std::string event) {
  const auto request_id = context.request_id;
  GUST_CO_TRY(auto reply, co_await target_.stream(std::move(context), url.function, std::move(event)));
  if (reply.outcome == Outcome::kFailed) co_return bad_gateway();
  if (reply.content_type == kWithHead) {
    auto response = co_await read_head(std::move(reply.body));
    if (response) co_return std::move(*response);
    GUST_WARN("function URL: request_id={} function={}: {}", request_id, url.function, response.error().message);
    co_return bad_gateway();
  }
  http::Response response;
  response.headers.add("Content-Type", std::move(reply.content_type));
  response.stream = std::move(reply.body);
  co_return response;
}

}  // namespace gust::gateway
