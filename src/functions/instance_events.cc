// What the log of an instance says of the platform, as text or as JSON, and the same events for its extensions.
#include "functions/instance_events.h"

#include "functions/instance.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <vector>

namespace gust::functions {
namespace {

namespace json = boost::json;

double in_thousandths(double ms) { return std::round(ms * 1000) / 1000; }

std::uint64_t in_mb(std::uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

}  // namespace

std::string status_of(const std::string& error_type) {
  if (error_type.empty()) return "success";
  if (error_type == "Sandbox.Timedout") return "timeout";
  return error_type.starts_with("Runtime.") || error_type.starts_with("Extension.") ? "failure" : "error";
}

json::object done_record(const std::string& request_id, const InvokeResult& result, double duration_ms) {
  json::object record{{"requestId", request_id},
                      {"status", status_of(result.error_type)},
                      {"metrics", json::object{{"durationMs", in_thousandths(duration_ms)},
                                               {"producedBytes", result.payload.size()}}}};
  if (!result.error_type.empty()) record["errorType"] = result.error_type;
  return record;
}

void Instance::log_event(std::string_view type, const json::object& record, Place* of, std::string request_id) {
  if (level_of_event(type, record) < function_.logging.system) return;
  auto line = event_line(type, record, parts_.clock.now());
  if (of != nullptr) of->keep_line(line);
  parts_.logs.append(log_source_, std::move(request_id), std::move(line));
}

void Instance::log_init_start() {
  if (!logs_json()) return;
  json::object record;
  if (!parts_.from_image) record = {{"initializationType", parts_.initialization_type}, {"phase", "init"}};
  if (!function_.image) {
    record["runtimeVersion"] = function_.runtime;
    record["runtimeVersionArn"] = fmt::format("arn:aws:lambda:{}::runtime:{}", function_.region, function_.runtime);
  }
  record["functionName"] = function_.key.name.str();
  record["functionVersion"] = function_.version;
  record["instanceId"] = id_;
  record["instanceMaxMemory"] = std::uint64_t{function_.memory_mb} << 20;
  log_event(parts_.from_image ? "platform.restoreStart" : "platform.initStart", record, nullptr, "");
}

// Of an init, or of a restore in its place.
json::object Instance::init_record(const std::string& error_type) const {
  json::object record;
  if (!parts_.from_image) record = {{"initializationType", parts_.initialization_type}, {"phase", "init"}};
  record["status"] = status_of(error_type);
  if (!error_type.empty()) record["errorType"] = error_type;
  return record;
}

void Instance::end_init() {
  auto record = init_record("");
  const std::string_view done = parts_.from_image ? "platform.restoreRuntimeDone" : "platform.initRuntimeDone",
                         report = parts_.from_image ? "platform.restoreReport" : "platform.initReport";
  if (logs_json()) log_event(done, record, nullptr, "");
  telemetry_.event(done, record);
  record["metrics"] = json::object{{"durationMs", in_thousandths(init_ms_)}};
  if (logs_json()) log_event(report, record, nullptr, "");
  telemetry_.event(report, std::move(record));
}

void Instance::log_init_failure(const std::string& request_id, const std::string& error_type) {
  if (!logs_json()) {
    auto line = fmt::format("INIT_REPORT Init Duration: {:.2f} ms\tPhase: init\tStatus: error\tError Type: {}",
                            init_ms_, error_type);
    return parts_.logs.append(log_source_, request_id, std::move(line));
  }
  auto record = init_record(error_type);
  record["metrics"] = json::object{{"durationMs", in_thousandths(init_ms_)}};
  log_event(parts_.from_image ? "platform.restoreReport" : "platform.initReport", record, nullptr, request_id);
}

void Instance::log_extension_state(const json::object& record) {
  if (logs_json()) return log_event("platform.extension", record, nullptr, "");
  const auto text = [&](const char* name) { return std::string(record.at(name).as_string()); };
  auto line = fmt::format("EXTENSION\tName: {}\tState: {}", text("name"), text("state"));
  if (const auto* events = record.if_contains("events")) {
    std::vector<std::string> names;
    for (const auto& one : events->as_array()) names.emplace_back(one.as_string());
    line += fmt::format("\tEvents: [{}]", fmt::join(names, ","));
  }
  log_of_extension(std::move(line));
}

json::object Instance::start_record(const Place& place) const {
  const json::object tracing{{"type", "X-Amzn-Trace-Id"}, {"value", place.context.trace.xray()}};
  return {{"requestId", place.id()}, {"version", function_.version}, {"tracing", tracing}};
}

void Instance::log_start(Place& place) {
  if (logs_json()) return log_event(kStart, start_record(place), &place, place.id());
  log(&place, fmt::format("START RequestId: {} Version: {}", place.id(), function_.version));
}

void Instance::log_end(Place& place, const InvokeResult& result, double duration_ms) {
  if (logs_json()) return log_event(kRuntimeDone, done_record(place.id(), result, duration_ms), &place, place.id());
  log(&place, fmt::format("END RequestId: {}", place.id()));
}

json::object Instance::report_record(const Finished& finished, const sandbox::Usage& usage) const {
  json::object metrics{{"durationMs", in_thousandths(finished.duration_ms)},
                       {"billedDurationMs", finished.billed_ms},
                       {"memorySizeMB", function_.memory_mb},
                       {"maxMemoryUsedMB", in_mb(usage.memory_peak_bytes)}};
  if (finished.first && parts_.from_image) {
    metrics["restoreDurationMs"] = in_thousandths(init_ms_);
    metrics["billedRestoreDurationMs"] = static_cast<std::uint64_t>(std::ceil(init_ms_));
  } else if (finished.first) {
    metrics["initDurationMs"] = in_thousandths(init_ms_);
  }
  json::object record{{"requestId", finished.request_id.str()}, {"status", status_of(finished.error_type)}};
  if (!finished.error_type.empty()) record["errorType"] = finished.error_type;
  record["metrics"] = std::move(metrics);
  if (!finished.tracing.empty())
    record["tracing"] = json::object{{"type", "X-Amzn-Trace-Id"}, {"value", finished.tracing}};
  return record;
}

std::string Instance::report_line(const Finished& finished, const sandbox::Usage& usage) const {
  if (logs_json()) {
    const auto record = report_record(finished, usage);
    if (level_of_event(kReport, record) < function_.logging.system) return {};
    return event_line(kReport, record, parts_.clock.now());
  }
  auto line = fmt::format(
      "REPORT RequestId: {}\tDuration: {:.2f} ms\tBilled Duration: {} ms\tMemory Size: {} MB\tMax Memory Used: {} MB",
      finished.request_id, finished.duration_ms, finished.billed_ms, function_.memory_mb,
      in_mb(usage.memory_peak_bytes));
  if (finished.first && parts_.from_image) {
    const auto billed = std::ceil(init_ms_);
    line += fmt::format("\tRestore Duration: {:.2f} ms\tBilled Restore Duration: {:.0f} ms", init_ms_, billed);
  } else if (finished.first) {
    line += fmt::format("\tInit Duration: {:.2f} ms", init_ms_);
  }
  return line + finished.status;
}

}  // namespace gust::functions
