// Any text as a filter pattern, matched with the message behind a zero byte. What matches passes the filter of a block
// that has the message.
#include "fuzz/fuzz.h"
#include "logs/filter_pattern.h"

#include <algorithm>

namespace logs = gust::logs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = as_text(data, size);
  const auto zero = std::min(input.find('\0'), input.size());
  const auto text = input.substr(0, zero), message = input.substr(std::min(zero + 1, input.size()));
  const auto pattern = logs::parse_filter_pattern(text);
  if (!pattern) {
    GUST_ASSERT(pattern.error().source == "pattern" && !pattern.error().message.empty());
    return 0;
  }
  if (!(*pattern)->matches(message)) return 0;
  logs::FilterBuilder builder;
  builder.add(message);
  const bool cut = builder.fields_cut();
  const auto bits = builder.take();
  const auto pieces = bits.size() / logs::kFilterPiece;
  GUST_ASSERT(logs::may_meet((*pattern)->needs(), [&](std::uint64_t key, logs::KeyOf of) {
    if (cut && of == logs::KeyOf::kField) return true;
    return logs::filter_has(bits.data() + logs::filter_piece(key, pieces) * logs::kFilterPiece, key);
  }));
  GUST_ASSERT(message.find((*pattern)->literal()) != std::string_view::npos);
  return 0;
}
