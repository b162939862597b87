// Requests of the protocol in the metadata below.
#include "fuzz/fuzz.h"
#include "fuzz/request_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz_request(R"({"protocol":"json","jsonVersion":"1.1","targetPrefix":"T"})", as_text(data, size));
  return 0;
}
