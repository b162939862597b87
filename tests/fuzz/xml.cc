// Any bytes as XML, and as text that is escaped into XML.
#include "codec/xml.h"
#include "fuzz/fuzz.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = as_text(data, size);
  (void)gust::codec::parse_xml(text);
  const auto escaped = "<a b=\"" + gust::codec::xml_escape(text) + "\">" + gust::codec::xml_escape(text) + "</a>";
  GUST_ASSERT(gust::codec::parse_xml(escaped).has_value());
  return 0;
}
