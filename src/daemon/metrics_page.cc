#include "daemon/metrics_page.h"

#include <map>

namespace gust::daemon {
namespace {

using telemetry::Reading;
using Readings = std::vector<Reading>;
using Kind = Reading::Kind;

double number(std::uint64_t value) { return static_cast<double>(value); }

void add_instances(Readings& out, const functions::Invoker& invoker) {
  std::size_t idle = 0, busy = 0, starting = 0, wanted = 0, available = 0;
  for (const auto& pool : invoker.status()) {
    idle += pool.idle;
    busy += pool.busy;
    starting += pool.starting;
    wanted += pool.provisioned;
    if (pool.provisioned > 0) available += invoker.provisioned({pool.key, pool.version}).available;
  }
  out.push_back({"gust_function_instances", "Instances by what they do.", Kind::kGauge,
                 {{{{"state", "idle"}}, number(idle)},
                  {{{"state", "busy"}}, number(busy)},
                  {{{"state", "starting"}}, number(starting)}}});
  out.push_back({"gust_function_provisioned_wanted", "Instances that provisioned concurrency asks for.", Kind::kGauge,
                 {{{}, number(wanted)}}});
  out.push_back({"gust_function_provisioned_available", "Of these, those that have done their init.", Kind::kGauge,
                 {{{}, number(available)}}});
}

void add_runtimes(Readings& out, const std::vector<functions::RuntimeStatus>& runtimes) {
  const auto add = [&](const char* name, const char* help, Kind kind, auto value) {
    auto& reading = out.emplace_back(Reading{name, help, kind, {}});
    for (const auto& each : runtimes) reading.samples.push_back({{{"runtime", each.name}}, number(value(each))});
  };
  add("gust_runtime_pool_ready", "Runtimes that stand ready.", Kind::kGauge, [](const auto& r) { return r.ready; });
  add("gust_runtime_pool_booting", "Runtimes that are booted ahead.", Kind::kGauge,
      [](const auto& r) { return r.booting; });
  add("gust_runtime_pool_target", "Runtimes that shall stand ready.", Kind::kGauge,
      [](const auto& r) { return r.target; });
  add("gust_runtime_pool_taken_total", "Starts that found a ready runtime.", Kind::kCounter,
      [](const auto& r) { return r.taken; });
  add("gust_runtime_pool_missed_total", "Starts that found none.", Kind::kCounter,
      [](const auto& r) { return r.missed; });
  add("gust_runtime_pool_runtime_bytes", "Peak memory of one ready runtime.", Kind::kGauge,
      [](const auto& r) { return r.bytes_each; });
}

void add_snapshots(Readings& out, const std::vector<functions::SnapshotStatus>& snapshots) {
  std::map<std::string, std::size_t> states{{"waiting", 0}, {"in the making", 0}, {"ready", 0}, {"none", 0}};
  std::uint64_t bytes = 0;
  for (const auto& each : snapshots) {
    ++states[each.state];
    bytes += each.bytes;
  }
  auto& reading =
      out.emplace_back(Reading{"gust_function_snapshots", "Versions with SnapStart, by the state of their snapshot.",
                               Kind::kGauge, {}});
  for (const auto& [state, count] : states) reading.samples.push_back({{{"state", state}}, number(count)});
  out.push_back({"gust_function_snapshot_bytes", "Size of all snapshots.", Kind::kGauge, {{{}, number(bytes)}}});
}

void add_events(Readings& out, const queue::Queue::Depth& depth) {
  out.push_back({"gust_async_events", "Asynchronous invocations that are kept, by state; failed: dead letters.",
                 Kind::kGauge,
                 {{{{"state", "waiting"}}, number(depth.waiting)},
                  {{{"state", "running"}}, number(depth.leased)},
                  {{{"state", "failed"}}, number(depth.dead)}}});
}

void add_event_sources(Readings& out, const event_sources::Pollers::Status& sources) {
  out.push_back({"gust_event_source_mappings_enabled", "Event source mappings that are enabled.", Kind::kGauge,
                 {{{}, number(sources.enabled)}}});
  out.push_back({"gust_event_source_iterator_age_seconds",
                 "Age of the oldest record that waits for its function, of all mappings.", Kind::kGauge,
                 {{{}, number(static_cast<std::uint64_t>(sources.oldest.count())) / 1000}}});
}

void add_scrub(Readings& out, const blobs::ScrubStatus& scrub) {
  out.push_back({"gust_blob_scrubbed_bytes_total", "Bytes that were read only to check them.", Kind::kCounter,
                 {{{}, number(scrub.bytes)}}});
  out.push_back({"gust_blob_scrub_rounds_total", "How often all blobs were.", Kind::kCounter,
                 {{{}, number(scrub.rounds)}}});
  out.push_back({"gust_blob_damaged", "Blobs that were found damaged and are still there.", Kind::kGauge,
                 {{{}, number(scrub.damaged.size())}}});
}

void add_traces(Readings& out, const traces::Store& store) {
  out.push_back({"gust_trace_spans_total", "Spans that were recorded.", Kind::kCounter,
                 {{{}, number(store.recorded())}}});
  out.push_back({"gust_trace_spans_dropped_total", "Of these, those that came faster than the disk took them.",
                 Kind::kCounter, {{{}, number(store.dropped())}}});
  out.push_back({"gust_trace_bytes", "What spans take on the disk.", Kind::kGauge, {{{}, number(store.bytes())}}});
}

}  // namespace

async::Task<http::Response> MetricsPage::get() {
  GUST_CO_TRY(const auto depth, co_await events_.depth());
  const auto starts = invoker_.starts();
  Readings readings;
  add_instances(readings, invoker_);
  readings.push_back({"gust_function_memory_reserved_bytes", "Memory limits of all instances together.", Kind::kGauge,
                      {{{}, number(starts.memory_bytes)}}});
  readings.push_back({"gust_function_memory_limit_bytes", "What they may be together.", Kind::kGauge,
                      {{{}, number(starts.memory_limit_bytes)}}});
  add_runtimes(readings, starts.runtimes);
  add_snapshots(readings, starts.snapshots);
  add_events(readings, depth);
  add_event_sources(readings, pollers_.status());
  add_scrub(readings, scrubber_.status());
  if (traces_ != nullptr) add_traces(readings, *traces_);
  readings.push_back({"gust_build_info", "1, with the version as a label.", Kind::kGauge,
                      {{{{"version", GUST_VERSION}}, 1.0}}});
  http::Response response;
  response.headers.add("Content-Type", telemetry::Metrics::kContentType);
  response.body = metrics_.text(readings);
  co_return response;
}

}  // namespace gust::daemon
