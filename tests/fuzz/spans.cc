// Any bytes as a block of spans: what is read is written as what is read as the same.
#include "fuzz/fuzz.h"
#include "traces/block.h"

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::traces;
  const auto bytes = as_text(data, size);
  if (const auto head = read_head(bytes); head && head->whole_bytes() <= bytes.size())
    (void)is_sound(bytes, bytes.substr(BlockHead::kBytes, head->filter_bytes),
                   bytes.substr(BlockHead::kBytes + head->filter_bytes, head->payload_bytes));
  BlockWriter writer;
  std::vector<gust::TraceId> traces;
  const auto take = [&](Span span) {
    if (span.start_us < -(1LL << 60) || span.start_us > 1LL << 60) return false;
    traces.push_back(span.trace);
    writer.add(span);
    return true;
  };
  (void)read_spans(bytes, take);
  const auto block = writer.finish();
  const auto head = read_head(block);
  GUST_ASSERT(head && head->spans == traces.size());
  std::size_t count = 0;
  const auto check = [&](Span span) {
    GUST_ASSERT(span.trace == traces[count++]);
    return true;
  };
  GUST_ASSERT(read_spans(std::string_view(block).substr(BlockHead::kBytes + head->filter_bytes), check));
  GUST_ASSERT(count == traces.size());
  return 0;
}
