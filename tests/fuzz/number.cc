// Any text as a number, and any bytes as one that sorts; what is taken comes back the same from both.
#include "fuzz/fuzz.h"
#include "tables/number.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace gust;
  const std::string text(as_text(data, size));
  if (const auto number = tables::Number::parse(text)) {
    GUST_ASSERT(number->text().size() <= 170);
    GUST_ASSERT(tables::Number::parse(number->text()) == *number);
    GUST_ASSERT(tables::Number::from_sortable(number->sortable()) == *number);
    GUST_ASSERT(number->minus(*number) == tables::Number());
    GUST_ASSERT(number->size() <= 22);
  }
  if (const auto number = tables::Number::from_sortable(text)) {
    GUST_ASSERT(number->sortable() == text);
    GUST_ASSERT(tables::Number::parse(number->text()) == *number);
  }
  return 0;
}
