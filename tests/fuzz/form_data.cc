// Any bytes as a form, in pieces of every size: whatever the pieces, the parts are the same.
#include "fuzz/fuzz.h"
#include "http/form_data.h"

#include <string>

namespace {

using gust::http::FormDecoder;

// Everything the decoder said, or "wrong" at the end of it.
std::string decode(std::string_view text, std::size_t step) {
  FormDecoder decoder("b");
  std::string out;
  for (;;) {
    const auto event = decoder.next();
    if (!event) return "wrong";
    switch (*event) {
      case FormDecoder::Event::kPart:
        out += "[" + decoder.part().name + "|" + decoder.part().filename + "]";
        break;
      case FormDecoder::Event::kData:
        GUST_ASSERT(!decoder.data().empty());
        out += decoder.data();
        break;
      case FormDecoder::Event::kPartEnd:
        out += "[/]";
        break;
      case FormDecoder::Event::kEnd:
        return out;
      case FormDecoder::Event::kMore:
        decoder.feed(text.substr(0, step));
        text.remove_prefix(std::min(step, text.size()));
        if (text.empty()) decoder.finish();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto text = as_text(data + 1, size - 1);
  (void)gust::http::form_boundary(text);
  GUST_ASSERT(decode(text, data[0] % 50 + 1) == decode(text, text.size() + 1));
  return 0;
}
