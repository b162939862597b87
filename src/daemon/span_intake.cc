#include "daemon/span_intake.h"

#include "codec/gzip.h"
#include "daemon/front.h"
#include "traces/otlp.h"

#include <fmt/format.h>

namespace gust::daemon {
namespace {

constexpr std::size_t kMostBytes = 8 << 20;

int status_of(const Error& error) {
  if (error.code == Code::kTooLarge) return 413;
  if (error.code == Code::kUnauthenticated || error.code == Code::kDenied) return 403;
  return error.code == Code::kInvalid ? 400 : 500;
}

Result<traces::OtlpForm> form_of(const http::Request& request) {
  const auto type = request.headers.get_or("content-type", "");
  if (type.starts_with("application/x-protobuf")) return traces::OtlpForm::kProtobuf;
  if (type.starts_with("application/json")) return traces::OtlpForm::kJson;
  return fail(Code::kInvalid,
              fmt::format("Content-Type '{}': expected application/x-protobuf or application/json", type), "otlp");
}

// In small pieces, so that a little of it cannot become more than is looked at.
Result<std::string> unzipped(std::string_view bytes) {
  constexpr std::size_t kPiece = 4096;
  codec::Gunzip gunzip;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
    GUST_CHECK(gunzip.add(bytes.substr(0, kPiece), out));
    if (out.size() > kMostBytes) return fail(Code::kTooLarge, "the body has more than 8 MiB", "otlp");
  }
  GUST_CHECK(gunzip.finish());
  return out;
}

}  // namespace

boost::asio::awaitable<http::Response> SpanIntake::handle(RequestContext context, http::Request request) {
  auto done = co_await take(std::move(context), std::move(request));
  if (done) co_return *std::move(done);
  co_return admin_error(status_of(done.error()), done.error().message);
}

async::Task<http::Response> SpanIntake::take(RequestContext context, http::Request request) {
  GUST_CO_TRY(const auto form, form_of(request));
  std::string account, function;
  if (context.caller && !context.caller->account.empty()) {
    account = context.caller->account.str();
    function = context.caller->function;
  } else {
    GUST_CO_TRY(const auto who, co_await authenticator_.authenticate(context, request, "xray"));
    if (who.anonymous())
      co_return fail(Code::kUnauthenticated, "the request is not signed; sign it for the service 'xray'", "otlp");
    account = who.account.str();
  }
  GUST_CO_TRY(auto body, co_await async::read_all(*request.body, kMostBytes));
  if (request.headers.get_or("content-encoding", "") == "gzip") {
    GUST_CO_TRY(body, unzipped(body));
  }
  GUST_CO_TRY(auto spans, traces::read_otlp(body, form));
  for (auto& span : spans) {
    span.account = account;
    if (span.service.empty()) span.service = function.empty() ? "custom" : function;
    if (span.resource.empty()) span.resource = function;
    tracer_.record(span);
  }
  http::Response response;
  const bool json = form == traces::OtlpForm::kJson;
  response.headers.add("Content-Type", json ? "application/json" : "application/x-protobuf");
  if (json) response.body = "{}";
  co_return response;
}

}  // namespace gust::daemon
