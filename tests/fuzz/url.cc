// Any bytes percent-decoded, as a query, as base64, as hexadecimal and as a point in time.
#include "codec/base64.h"
#include "codec/hex.h"
#include "codec/time_format.h"
#include "codec/url.h"
#include "fuzz/fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  using namespace gust::codec;
  (void)percent_decode(text, Plus::kIsSpace);
  (void)parse_query(text);
  GUST_ASSERT(percent_decode(percent_encode(text)) == text);
  if (const auto bytes = from_base64(text)) GUST_ASSERT(from_base64(to_base64(*bytes)) == *bytes);
  if (const auto bytes = from_hex(text)) GUST_ASSERT(from_hex(to_hex(*bytes)) == *bytes);
  if (const auto time = from_iso8601(text)) (void)to_iso8601_ms(*time);
  if (const auto time = from_http_date(text)) (void)to_http_date(*time);
  return 0;
}
