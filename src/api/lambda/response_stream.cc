// InvokeWithResponseStream: the answer as events, while the function writes it.
#include "api/lambda/service.h"
#include "api/lambda/shared.h"

#include "codec/base64.h"
#include "codec/json.h"
#include "wire/event_stream.h"

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <cstring>

namespace gust::api {
namespace {

constexpr std::size_t kChunk = 64 << 10;

// PayloadChunk events, then one InvokeComplete.
class Events final : public async::ByteSource {
 public:
  Events(std::shared_ptr<functions::ResponseStream> stream, functions::LogTail tail)
      : stream_(std::move(stream)), payload_(async::Pipe::reader(stream_->pipe)), tail_(tail) {}

  async::Task<std::size_t> read(std::span<std::byte> out) override {
    if (waiting_.empty() && !complete_) GUST_CO_CHECK(co_await fetch());
    const auto n = std::min(out.size(), waiting_.size());
    std::memcpy(out.data(), waiting_.data(), n);
    waiting_.erase(0, n);
    co_return n;
  }

 private:
  async::Task<void> fetch() {
    std::string piece(kChunk, '\0');
    const auto room = std::as_writable_bytes(std::span(piece));
    GUST_CO_TRY(const auto n, co_await payload_->read(room));
    piece.resize(n);
    complete_ = n == 0;
    waiting_ = complete_ ? wire::event_message("InvokeComplete", "application/json", summary())
                         : wire::event_message("PayloadChunk", "application/octet-stream", piece);
    co_return Result<void>{};
  }

  std::string summary() const {
    const auto& result = *stream_->result;
    boost::json::object out;
    if (!result.function_error.empty()) {
      out["ErrorCode"] = result.function_error;
      out["ErrorDetails"] = result.payload;
    }
    if (tail_ == functions::LogTail::kTail) out["LogResult"] = codec::to_base64(result.log_tail);
    return codec::to_json(out);
  }

  std::shared_ptr<functions::ResponseStream> stream_;
  std::unique_ptr<async::ByteSource> payload_;
  functions::LogTail tail_;
  std::string waiting_;
  bool complete_ = false;
};

LambdaReply<lambda::InvokeWithResponseStreamResponse> stream(functions::Registry& registry, functions::Invoker& invoker,
                                                             wire::Call call,
                                                             lambda::InvokeWithResponseStreamRequest request) {
  GUST_CO_TRY(auto ref, own_version(call, request.function_name, request.qualifier));
  GUST_CO_CHECK(co_await registry.resolve(ref));
  if (request.tenant_id) co_return lambda_not_served("TenantId");
  functions::Invocation invocation;
  GUST_CO_TRY(invocation.payload, json_payload(std::move(request.payload)));
  GUST_CO_TRY(invocation.client_context, client_context(std::move(request.client_context)));
  lambda::InvokeWithResponseStreamResponse out;
  if (request.invocation_type == "DryRun") {
    out.status_code = 204;
    co_return out;
  }
  if (request.log_type == "Tail") invocation.log_tail = functions::LogTail::kTail;
  const auto tail = invocation.log_tail;
  GUST_CO_TRY(auto stream, co_await invoker.stream(call.context, std::move(ref), std::move(invocation)));
  out.status_code = 200;
  out.executed_version = stream->executed_version;
  out.event_stream = std::make_unique<Events>(std::move(stream), tail);
  co_return out;
}

}  // namespace

void LambdaService::add_response_stream_operation() {
  service_.on<lambda::InvokeWithResponseStream>(
      [this](auto call, auto request) { return stream(registry_, invoker_, std::move(call), std::move(request)); });
}

}  // namespace gust::api
