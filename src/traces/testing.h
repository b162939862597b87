// Spans for tests.
#pragma once

#include "telemetry/span.h"
#include "traces/segments.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gust::traces {

// The `number`th span of trace `trace`, which begins `number` ms after it.
inline Span span_for_test(std::uint64_t trace, std::uint64_t number) {
  Span out;
  out.trace = {0x6568e1a200000000 + trace, trace};
  out.id = trace * 1000 + number + 1;
  out.parent = number == 0 ? 0 : trace * 1000 + 1;
  out.kind = number == 0 ? telemetry::SpanKind::kRequest : telemetry::SpanKind::kHandler;
  out.entry = number == 0 ? Span::Entry::kYes : Span::Entry::kNo;
  out.start_us = 1'700'000'000'000'000 + static_cast<std::int64_t>(trace * 1'000'000 + number * 1000);
  out.duration_us = 500;
  out.account = "000000000000";
  out.service = number == 0 ? "s3" : "lambda";
  out.resource = number == 0 ? "photos" : "thumbs";
  out.name = number == 0 ? "PUT photos/" + std::to_string(trace) + ".jpg" : "thumbs";
  out.request_id = "2f7d3a90-6a51-4d0c-9c3e-0123456789ab";
  if (number == 0) out.attributes.emplace_back("http.status", "200");
  return out;
}

inline std::string block_for_test(const std::vector<Span>& spans) {
  BlockWriter writer;
  for (const auto& span : spans) writer.add(span);
  return writer.finish();
}

inline std::string payload_of(const std::string& block) {
  const auto head = read_head(block);
  return head ? block.substr(BlockHead::kBytes + head->filter_bytes) : "";
}

inline std::vector<Span> spans_of(const std::vector<View>& views) {
  std::vector<Span> out;
  for (const auto& view : views) {
    for (const auto& block : view.blocks) {
      const auto payload = view.segment->read(*block);
      EXPECT_TRUE(payload) << payload.error().message;
      if (!payload) continue;
      const auto take = [&](Span span) {
        out.push_back(std::move(span));
        return true;
      };
      EXPECT_TRUE(read_spans(*payload, take));
    }
  }
  return out;
}

}  // namespace gust::traces
