// Any text as route keys and a path, one a line, and as what a function answers to an HTTP API.
#include "fuzz/fuzz.h"
#include "gateway/reply.h"
#include "gateway/route_key.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::gateway;
  auto text = as_text(data, size);
  (void)response_v2(text);
  (void)response_v1(text);
  std::vector<RouteKey> keys;
  for (auto end = text.find('\n'); end != std::string_view::npos && keys.size() < 20; end = text.find('\n')) {
    if (auto key = RouteKey::parse(text.substr(0, end))) keys.push_back(*std::move(key));
    text.remove_prefix(end + 1);
  }
  (void)choose_route(keys, "GET", text);
  return 0;
}
