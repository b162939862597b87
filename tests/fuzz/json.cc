// Any bytes as JSON: refused, or parsed to what its own text parses to again.
#include "codec/json.h"
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto value = gust::codec::parse_json(as_text(data, size));
  if (value) GUST_ASSERT(gust::codec::parse_json(gust::codec::to_json(*value)).has_value());
  return 0;
}
