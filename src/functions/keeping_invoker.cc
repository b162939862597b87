#include "functions/keeping_invoker.h"

namespace gust::functions {

void KeepingInvoker::accepted(const RequestContext& context, const FunctionRef& target, const Invocation& invocation) {
  KeptEvent event;
  event.id = context.request_id.str();
  event.function = target;
  event.at = clock_.now();
  event.arrival = invocation.arrival;
  if (!context.trace.id.empty()) event.trace_id = xray_id(context.trace.id);
  event.client_context = invocation.client_context;
  event.replay_of = invocation.replay_of;
  events_.accepted(std::move(event), invocation.payload);
}

KeptOutcome KeepingInvoker::outcome_of(std::string id, SteadyTime began, const InvokeResult* result,
                                       const Error* error) const {
  KeptOutcome out;
  out.id = std::move(id);
  out.at = clock_.now();
  const auto took = std::chrono::steady_clock::now() - began;
  out.duration_us = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  if (result != nullptr) {
    out.fate = result->function_error.empty() ? Fate::kAnswered : Fate::kFailed;
    out.version = result->executed_version;
    out.error = result->error_type;
  } else if (error != nullptr) {
    out.fate = Fate::kRefused;
    out.error = error->message;
  }
  return out;
}

async::Task<InvokeResult> KeepingInvoker::invoke(RequestContext context, FunctionRef target, Invocation invocation) {
  accepted(context, target, invocation);
  auto id = context.request_id.str();
  const auto key = target.key;
  const auto began = std::chrono::steady_clock::now();
  auto result = co_await invoker_->invoke(std::move(context), std::move(target), std::move(invocation));
  const auto* const error = result ? nullptr : &result.error();
  events_.ended(key, outcome_of(std::move(id), began, result ? &*result : nullptr, error));
  co_return result;
}

async::Task<std::shared_ptr<ResponseStream>> KeepingInvoker::stream(RequestContext context, FunctionRef target,
                                                                    Invocation invocation) {
  invocation.arrival = Arrival::kStream;
  accepted(context, target, invocation);
  auto id = context.request_id.str();
  const auto key = target.key;
  const auto began = std::chrono::steady_clock::now();
  auto stream = co_await invoker_->stream(std::move(context), std::move(target), std::move(invocation));
  if (!stream) {
    events_.ended(key, outcome_of(std::move(id), began, nullptr, &stream.error()));
    co_return stream;
  }
  auto* const raw = stream->get();
  auto ended = [this, raw, id = std::move(id), key, began] {
    const auto* const result = raw->result ? &*raw->result : nullptr;
    events_.ended(key, outcome_of(id, began, result, raw->error ? &*raw->error : nullptr));
  };
  if (raw->result || raw->error)
    ended();
  else
    raw->ended = std::move(ended);
  co_return stream;
}

}  // namespace gust::functions
