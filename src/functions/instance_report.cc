// What an invocation used: its REPORT line and its record in the ledger.
#include "functions/instance.h"

#include "functions/instance_events.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace gust::functions {

// What is billed is rounded up; the first invocation on demand pays for the init too, as on the service since 2025-08.
Instance::Finished Instance::finish(const Place& place, double duration_ms, std::string status,
                                    const InvokeResult& result, std::uint64_t streamed_bytes) {
  Finished out;
  out.request_id = place.context.request_id;
  out.status = std::move(status);
  out.error_type = result.error_type;
  out.queued_ms = place.queued_ms;
  out.bytes_in = place.bytes_in;
  out.bytes_out = result.streamed ? streamed_bytes : result.payload.size();
  out.cpu = place.cpu;
  cpu_shares_.end(place.cpu, std::chrono::steady_clock::now());
  if (logs_json()) out.tracing = place.context.trace.xray();
  out.first = !std::exchange(init_reported_, true);
  out.pays_init = out.first && parts_.initialization_type != kProvisionedType;
  bill(out, duration_ms);
  return out;
}

void Instance::bill(Finished& finished, double duration_ms) const {
  finished.duration_ms = duration_ms;
  const auto step = static_cast<double>(parts_.settings.billed_step.count());
  const auto steps = std::ceil((duration_ms + (finished.pays_init ? init_ms_ : 0)) / step);
  finished.billed_ms = static_cast<std::uint64_t>(steps * step);
}

meter::Record Instance::record_of(const Finished& finished, const sandbox::Usage& usage) {
  const auto in_us = [](double ms) { return static_cast<std::uint64_t>(ms * 1000); };
  meter::Record record;
  record.request_id = finished.request_id;
  record.account = function_.key.account;
  record.function = function_.key.name.str();
  record.version = function_.version;
  record.at = parts_.clock.now();
  record.start = !finished.first                           ? "warm"
                 : parts_.from_image                       ? "snapshot"
                 : parts_.initialization_type != kOnDemand ? "provisioned"
                 : start_kind_ == Start::kPooled           ? "pooled"
                                                           : "launched";
  record.queued_ms = finished.queued_ms;
  record.init_us = finished.first ? in_us(init_ms_) : 0;
  record.duration_us = in_us(finished.duration_ms);
  record.billed_ms = finished.billed_ms;
  record.memory_mb = function_.memory_mb;
  record.tmp_mb = function_.tmp_mb;
  record.peak_bytes = usage.memory_peak_bytes;
  record.cpu_us = cpu_shares_.take(finished.cpu, usage.cpu_us, std::chrono::steady_clock::now());
  record.bytes_in = finished.bytes_in;
  record.bytes_out = finished.bytes_out;
  record.error_type = finished.error_type;
  return record;
}

Result<InvokeResult> Instance::failed_invocation(const RequestContext& context, const Invocation& invocation) {
  GUST_TRY(auto result, init_failure(context));
  Place place(parts_.executor);  // which it never had
  place.context = context;
  place.bytes_in = invocation.payload.size();
  place.queued_ms = invocation.queued_ms;
  auto finished = finish(place, 0, fmt::format("\tStatus: error\tError Type: {}", result.error_type), result, 0);
  result.billed_ms = finished.billed_ms;
  log_start(place);
  log_end(place, result, 0);
  if (invocation.log_tail == LogTail::kTail) {
    for (const auto& text : place.tail) result.log_tail += text + "\n";
    if (const auto line = report_line(finished, {}); !line.empty()) result.log_tail += line + "\n";
  }
  tasks_->spawn(report(std::move(finished)));
  return result;
}

// The record first: a report that can be read is in the ledger.
async::Task<void> Instance::report(Finished finished) {
  const auto self = shared_from_this();
  sandbox::Usage usage;
  if (body_.sandbox) {  // none where it could not be started
    const auto read = co_await body_.sandbox->usage();
    usage = read.value_or(usage);
    if (cpu_us_before_ == 0) cpu_us_before_ = usage.cpu_us;
    cpu_us_after_ = std::max(cpu_us_before_, usage.cpu_us);
  }
  if (parts_.settings.meter != nullptr) {
    auto record = record_of(finished, usage);
    const auto kept = co_await parts_.settings.meter->append(std::move(record));
    if (!kept && kept.error().code == Code::kCancelled) co_return std::unexpected(kept.error());
  }
  if (extensions_.any()) telemetry_.event(kReport, report_record(finished, usage));
  if (auto line = report_line(finished, usage); !line.empty())
    parts_.logs.append(log_source_, finished.request_id.str(), std::move(line));
  co_return Result<void>{};
}

}  // namespace gust::functions
