// Any bytes as a day of the ledger: what is sound comes back as it was written.
#include "fuzz/fuzz.h"
#include "meter/ledger.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust::meter;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_lines(bytes, [](Record record) {
    std::string again;
    GUST_ASSERT(read_lines(line_of(record), [&](Record same) { again = encode(same); }) == 0);
    GUST_ASSERT(again == encode(record));
  });
  (void)decode_record(bytes);
  return 0;
}
