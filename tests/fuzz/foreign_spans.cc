// Any bytes as spans of others: OTLP in both forms, and X-Ray's segment documents. What is read can be kept.
#include "fuzz/fuzz.h"
#include "traces/block.h"
#include "traces/otlp.h"
#include "traces/segment_documents.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::traces;
  const auto text = as_text(data, size);
  BlockWriter writer;
  const auto protobuf = read_otlp(text, OtlpForm::kProtobuf), json = read_otlp(text, OtlpForm::kJson);
  for (const auto& spans : {protobuf, json, read_segment(text)}) {
    if (!spans) continue;
    for (const auto& span : *spans) {
      GUST_ASSERT(span.id != 0 && !span.trace.empty() && span.duration_us >= 0);
      writer.add(span);
    }
    (void)write_otlp(*spans);
  }
  (void)writer.finish();
  return 0;
}
