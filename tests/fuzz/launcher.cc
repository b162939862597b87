// Any bytes as a packet between the daemon and the launcher; what is understood encodes to what is understood again.
#include "fuzz/fuzz.h"
#include "sandbox/protocol.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::sandbox;
  const auto packet = as_text(data, size);
  if (const auto request = decode_request(packet)) {
    const auto text = encode(*request);
    const auto back = decode_request(text);
    GUST_ASSERT(back && encode(*back) == text);
    if (const auto* start = std::get_if<StartRequest>(&*request)) (void)validate(start->spec);
  }
  if (const auto event = decode_event(packet)) {
    const auto text = encode(*event);
    const auto back = decode_event(text);
    GUST_ASSERT(back && encode(*back) == text);
  }
  return 0;
}
