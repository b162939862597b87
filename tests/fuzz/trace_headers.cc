// Any text as X-Amzn-Trace-Id and as traceparent: what is read is written as something that is read as the same.
#include "base/trace.h"
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust;
  const auto text = as_text(data, size);
  const auto xray = parse_xray(text);
  GUST_ASSERT(parse_xray(xray.xray()).xray() == xray.xray());
  GUST_ASSERT(xray.id.empty() || xray.span == 0 || parse_traceparent(xray.traceparent()));
  if (const auto given = parse_traceparent(text)) {
    const auto again = parse_xray(given->xray());
    GUST_ASSERT(again.id == given->id && again.span == given->span && again.sampled == given->sampled);
    GUST_ASSERT(again.traceparent() == given->traceparent());
  }
  return 0;
}
