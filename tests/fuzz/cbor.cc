// Requests of the protocol in the metadata below; and any CBOR, which is the same once it was written again.
#include "fuzz/fuzz.h"
#include "fuzz/request_parser.h"
#include "wire/cbor_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::wire;
  const auto text = as_text(data, size);
  fuzz_request(R"({"protocol":"smithy-rpc-v2-cbor","targetPrefix":"T"})", text);
  if (const auto value = parse_cbor(text)) {
    const auto written = to_cbor(*value);
    const auto again = parse_cbor(written);
    GUST_ASSERT(again && to_cbor(*again) == written);
  }
  return 0;
}
